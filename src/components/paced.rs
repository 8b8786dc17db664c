//! Parts of a crowd: where many change at once, a few are drawn anew after each frame, each when its turn comes.

use std::any::Any;
use std::rc::Rc;

use yew::prelude::*;
use yew::virtual_dom::Key;

use crate::platform::{dom, turns};

/// Properties of [`Paced`].
#[derive(Properties)]
pub struct PacedProps {
    of: Rc<dyn Any>,
    same: fn(&dyn Any, &dyn Any) -> bool,
    draw: Rc<dyn Fn(&dyn Any, NodeRef) -> Html>,
}

impl PartialEq for PacedProps {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(&*self.of, &*other.of)
    }
}

/// A part that is drawn anew when its turn comes; at once in a picture that stands still.
///
/// One component for all such parts: every component type of its own costs kilobytes of code.
pub struct Paced {
    node: NodeRef,
    waits: bool,
}

impl Component for Paced {
    type Message = ();
    type Properties = PacedProps;

    fn create(_: &Context<Self>) -> Self {
        Self { node: NodeRef::default(), waits: false }
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &PacedProps) -> bool {
        if turns::is_still() {
            return true;
        }
        if !std::mem::replace(&mut self.waits, true) {
            let link = ctx.link().clone();
            turns::wait(move || link.send_message(()));
        }
        false
    }

    fn update(&mut self, _: &Context<Self>, (): ()) -> bool {
        self.waits = false;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        (props.draw)(&*props.of, self.node.clone())
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        // At first whoever holds it places it with the rest.
        if !first && let Some(e) = self.node.cast::<web_sys::Element>() {
            dom::place(&e);
        }
    }
}

/// A part that is drawn from a value when its turn comes after that has changed. What is drawn holds the node that it is given.
pub fn paced<T: PartialEq + 'static>(key: impl Into<Key>, of: T, draw: fn(&T, NodeRef) -> Html) -> Html {
    let same: fn(&dyn Any, &dyn Any) -> bool = |a, b| a.downcast_ref::<T>() == b.downcast_ref::<T>();
    let draw = move |of: &dyn Any, node: NodeRef| of.downcast_ref::<T>().map(|of| draw(of, node)).unwrap_or_default();
    let draw: Rc<dyn Fn(&dyn Any, NodeRef) -> Html> = Rc::new(draw);
    let key = key.into();
    html! { <Paced {key} of={Rc::new(of) as Rc<dyn Any>} {same} {draw} /> }
}
