// Several names in one browser.

import { expect, test } from "../support/test.ts";

test("two tabs of one browser are two people who talk to each other", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const ben = await alice.newTab("ben");
  await ben.goto("/");
  await ben.claim();
  await expect(ben.page).toHaveURL("/@ben");
  await ben.hasJoined("general");

  await alice.enter("general");
  await ben.enter("general");
  await alice.say("I am alice");
  await ben.say("and I am ben");
  for (const tab of [alice, ben]) {
    await expect(tab.log.getByText("I am alice")).toBeVisible();
    await expect(tab.log.getByText("and I am ben")).toBeVisible();
    await expect(tab.log.getByText("alice", { exact: true })).toBeVisible();
    await expect(tab.log.getByText("ben", { exact: true })).toBeVisible();
    await expect(tab.page.getByRole("navigation", { name: "Who you are" })).toContainText(`@${tab.name}`);
  }
  await alice.reload();
  await expect(alice.page.getByRole("navigation", { name: "Who you are" })).toContainText("@alice");
  await expect(ben.page).toHaveURL(ben.room("general"));
});

test("logging one name out leaves the other as it was", async ({ named }) => {
  const alice = await named("alice");
  const ben = await alice.newTab("ben");
  await ben.hasClaimed();
  await ben.hasCreated("general");
  await ben.enter("general");
  await alice.hasPassphrase();
  await alice.goto(alice.dashboard());
  await alice.logOut();
  await expect(alice.page).toHaveURL("/");
  await expect(alice.page.getByRole("list", { name: "Your names" }).getByRole("link")).toHaveText(["@ben"]);
  await ben.say("still here");
  await expect(ben.log.getByText("still here")).toBeVisible();
  await ben.reload();
  await expect(ben.log.getByText("still here")).toBeVisible();
});

test("a tab whose name was logged out in another goes to the start", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.enter("general");
  const other = await alice.newTab("alice");
  await alice.hasPassphrase();
  await other.goto(other.dashboard());
  await other.logOut();
  for (const tab of [alice, other]) {
    await expect(tab.page).toHaveURL("/");
    await tab.page.waitForLoadState();
  }
});

test("the start lists the names of this browser, and the header of every page switches between them", async ({ named }) => {
  const alice = await named("alice");
  const ben = await alice.newTab("ben");
  await ben.hasClaimed();
  await alice.hasCreated("general");

  await alice.goto("/");
  const names = alice.page.getByRole("list", { name: "Your names" });
  await expect(names.getByRole("link")).toHaveText(["@alice", "@ben"]);

  const who = alice.page.getByRole("navigation", { name: "Who you are" });
  for (const path of [alice.dashboard(), alice.room("general")]) {
    await alice.goto(path);
    await who.getByRole("button", { name: "@alice" }).click();
    await expect(who.getByRole("list", { name: "Switch to" }).getByRole("link")).toHaveText(["@alice", "@ben"]);
    await who.getByRole("link", { name: "@ben" }).click();
    await expect(alice.page).toHaveURL("/@ben");
    await expect(who.getByRole("button", { name: "@ben" })).toBeVisible();
    await expect(who.getByRole("list", { name: "Switch to" })).toBeHidden();
  }
});

test("whoever has the key of a room that is closed to them is asked for it under the name they came with", async ({ named }) => {
  const [alice, carol] = [await named("alice"), await named("carol")];
  await (await alice.newTab("ben")).hasClaimed();
  await carol.hasCreated("general");
  await alice.goto(alice.room("general"));
  await alice.page.getByRole("link", { name: "I have its key" }).click();
  const form = alice.form("Join the room");
  await expect(form.getByRole("radio", { name: "@alice" })).toBeChecked();
  await form.getByRole("textbox", { name: "Room key" }).fill("open sesame");
  await form.getByRole("button", { name: "Join room" }).click();
  await expect(alice.page).toHaveURL(alice.room("general"));
  // A name that this browser does not hold is no choice.
  await alice.goto("/rooms/garden?as=carol");
  await expect(form.getByRole("radio", { name: "@ben" })).toBeChecked();
});
