// Finding what was said: in all of one's rooms, and in no other.

import { type Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

const results = (who: Person) => who.page.getByRole("list", { name: "Results" }).getByRole("link");
const search = async (who: Person, words: string) => {
  const box = who.page.getByRole("searchbox", { name: "Search" });
  await box.fill(words);
  await box.press("Enter");
};

test("a search finds words in all of one's rooms, newest first, and leads to the message in its room", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [general, garden] = [await alice.hasCreated("general"), await alice.hasCreated("garden")];
  const secret = await bob.hasCreated("secret");
  await alice.hasSaid(general, "the brass key", ...Array.from({ length: 120 }, (_, n) => `filler ${n}`));
  await alice.hasSaid(garden, "a Key under the pot", "nothing here");
  await bob.hasSaid(secret, "another key");
  await alice.enter("garden");
  let documents = 0;
  alice.page.on("request", (request) => (documents += Number(request.isNavigationRequest())));
  await alice.page.getByRole("main").getByRole("link", { name: "Search" }).click();
  await expect(alice.heading).toHaveText("Search");
  await search(alice, "key");
  await expect(results(alice)).toHaveCount(2);
  await expect(results(alice).first()).toContainText("a Key under the pot");
  await expect(results(alice).locator("mark")).toHaveText(["Key", "key"]);
  expect(new URL(alice.page.url()).search).toBe("?words=key");
  await results(alice).last().click();
  await expect(alice.heading).toHaveText("general");
  const found = alice.log.getByRole("article").filter({ hasText: "the brass key" });
  await expect(found).toHaveClass(/marked/);
  await expect(found).toBeInViewport();
  await alice.page.goBack();
  await expect(results(alice)).toHaveCount(2);
  // One that is open already is only moved to.
  await results(alice).first().click();
  await expect(alice.heading).toHaveText("garden");
  await expect(alice.log.getByRole("article").filter({ hasText: "under the pot" })).toHaveClass(/marked/);
  expect(documents).toBe(0);
});

test("edits and deletions count at once, and what cannot be searched for says why", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.enter("general");
  await alice.say("lantern");
  await expect(alice.log.getByRole("time")).toBeVisible();
  await alice.box.press("ArrowUp");
  await alice.page.getByRole("textbox", { name: "Edit message" }).fill("candle");
  await alice.page.getByRole("button", { name: "Save" }).click();
  await expect(alice.log.getByText("edited")).toBeVisible();
  await alice.goto("/@alice/search");
  await search(alice, "lantern");
  await expect(alice.page.getByText(/^Nothing found/)).toBeVisible();
  await search(alice, "candl*");
  await expect(results(alice)).toHaveCount(1);
  await search(alice, '" *');
  await expect(alice.alert).toHaveText("Type a word to search for.");
  await expect(results(alice)).toHaveCount(0);
});

test("without a script a search is a page, and its older results another", async ({ named }) => {
  const alice = await named("alice", { javaScriptEnabled: false });
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 25 }, (_, n) => `key ${n + 1}`));
  await alice.page.goto("/@alice/search");
  await search(alice, "key");
  await expect(results(alice)).toHaveCount(20);
  await expect(results(alice).first()).toContainText("key 25");
  await alice.page.getByRole("link", { name: "Older results" }).click();
  await expect(results(alice)).toHaveCount(5);
  await results(alice).first().click();
  await expect(alice.log.getByRole("article").filter({ hasText: /key 5$/ })).toHaveClass(/marked/);
});
