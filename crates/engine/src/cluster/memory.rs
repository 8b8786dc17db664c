//! Room for a history that grows, asked for ahead.
//!
//! The allocator takes WebAssembly's memory by the page of 64 KiB, as it needs it, and a JavaScript engine answers each time
//! with a look at its garbage and a new view of the memory: a long run spent a third of its time there. So once memory had to
//! grow, some more is taken at once. Natively the operating system gives memory by need, and there is nothing to do.

/// How many bytes to take ahead when memory has come to `size`: a sixteenth more, and half a mebibyte at least.
#[cfg(any(test, target_arch = "wasm32"))]
fn ahead(size: usize) -> usize {
    (size / 16).max(512 * 1024)
}

/// Takes some memory ahead if it had to grow since the last time. What is taken and given back stays with the allocator.
#[cfg(target_arch = "wasm32")]
pub fn reserve() {
    use std::cell::Cell;
    thread_local! {
        static SEEN_PAGES: Cell<usize> = const { Cell::new(0) };
    }
    let pages = || core::arch::wasm32::memory_size(0);
    if pages() != SEEN_PAGES.get() {
        // The compiler would leave out what nobody looks at.
        drop(std::hint::black_box(Vec::<u8>::with_capacity(ahead(pages() * 65_536))));
        SEEN_PAGES.set(pages());
    }
}

/// Takes some memory ahead if it had to grow since the last time; not needed natively.
#[cfg(not(target_arch = "wasm32"))]
pub fn reserve() {}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn from_ten_to_a_hundred_mebibytes_it_grows_some_forty_times() {
        let (mut size, mut times) = (10 << 20, 0);
        while size < 100 << 20 {
            size += ahead(size);
            times += 1;
        }
        assert!((30..50).contains(&times), "{times}");
        assert_eq!(ahead(1 << 20), 512 * 1024);
    }
}
