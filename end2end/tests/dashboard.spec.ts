// The dashboard, kept up to date without being loaded again.

import { expect, test } from "../support/test.ts";

test("an empty dashboard says what to do next", async ({ named }) => {
  const alice = await named("alice");
  await alice.goto(alice.dashboard());
  await expect(alice.page.getByText(/create one, or join one/)).toBeVisible();
});

test("the last message, what is unread and who is online are live", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.goto(alice.dashboard());
  const row = alice.row("general");
  await expect(row).toContainText("Nothing said yet");
  await expect(row).toContainText("1 online");
  await bob.enter("general");
  await expect(row).toContainText("2 online");
  await bob.say("hello from bob");
  await expect(row).toContainText("bob hello from bob");
  await expect(row).toContainText("1 new");
  await bob.say("and another");
  await expect(row).toContainText("and another");
  await expect(row).toContainText("2 new");
  await bob.page.goto("about:blank");
  await expect(row).toContainText("1 online");

  // What was read on its page is not new any more.
  await row.getByRole("link", { name: "general" }).click();
  await expect(alice.log.getByText("and another")).toBeVisible();
  await alice.page.goBack();
  await expect(row).toContainText("and another");
  await expect(row).not.toContainText("new");
  await alice.reload();
  await expect(row).not.toContainText("new");
});

test("the latest active room comes first, at once", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = [];
  for (const name of ["first", "second", "third"]) {
    rooms.push(await alice.hasCreated(name));
    await bob.hasJoined(name);
  }
  for (const room of rooms) await bob.hasSaid(room, `hello ${room.name}`);
  await alice.goto(alice.dashboard());
  const order = alice.rooms.getByRole("heading");
  await expect(order).toHaveText(["third", "second", "first"]);
  await bob.hasSaid(rooms[0]!, "again");
  await expect(order).toHaveText(["first", "third", "second"]);
  await alice.reload();
  await expect(order).toHaveText(["first", "third", "second"]);
});

test("the rooms beside a conversation show where something is new", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  const garden = await alice.hasCreated("garden");
  await bob.hasJoined("garden");
  await alice.enter("general");
  const nav = alice.page.getByRole("navigation", { name: "Rooms" });
  await bob.hasSaid(garden, "the roses are out");
  await expect(nav.getByRole("link", { name: /garden/ })).toContainText("1 new");
  await nav.getByRole("link", { name: /garden/ }).click();
  await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("garden");
  await expect(alice.log.getByText("the roses are out")).toBeVisible();
});
