// The states that the page is looked at in: `make screenshots` takes their pictures, and scenes.test.mjs holds each to axe.
// `arrange` brings a fresh page to the state, by what a learner would do.
export const scenes = [{ name: "home", arrange: async () => {} }];
