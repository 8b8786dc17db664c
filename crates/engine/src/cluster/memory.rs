//! Room for a history that grows, asked for ahead.
//!
//! The allocator takes WebAssembly's memory by the page of 64 KiB, as it needs it, and a JavaScript engine answers each time
//! with a new buffer of all of it. A long run spent a third of its time there; and V8 counts every such buffer as garbage to
//! come, so that a page at play, which grew by a mebibyte a second, stopped for 10 ms to collect it. So once memory had to
//! grow, a lot more is taken at once: what is never written to costs no memory of the machine. Natively the operating system
//! gives memory by need, and there is nothing to do.

/// How many bytes to take ahead when memory has come to `size`: an eighth more, and 16 MiB at least.
#[cfg(any(test, target_arch = "wasm32"))]
fn ahead(size: usize) -> usize {
    (size / 8).max(16 << 20)
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
    fn from_two_to_two_hundred_mebibytes_it_grows_a_dozen_times() {
        let (mut size, mut times) = (2 << 20, 0);
        while size < 200 << 20 {
            size += ahead(size);
            times += 1;
        }
        assert!((10..14).contains(&times), "{times}");
        assert_eq!(ahead(1 << 20), 16 << 20);
    }
}
