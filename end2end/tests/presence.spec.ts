// Who is there, and who is typing.

import { expect, test } from "../support/test.ts";

test("members are listed with who is online, live, in words too", async ({ named }) => {
  const [alice, bob, carol] = [await named("alice"), await named("bob"), await named("carol")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.enter("general");
  const member = (name: string) => alice.members.getByRole("listitem").filter({ hasText: name });
  await expect(member("alice")).toContainText("owner");
  await expect(member("alice")).toContainText("online");
  await expect(member("bob")).toContainText("offline");
  await bob.enter("general");
  await expect(member("bob")).toContainText("online");

  // Someone joins while the page is open, and is there at once.
  await carol.hasJoined("general");
  await carol.enter("general");
  await expect(member("carol")).toContainText("online");

  await bob.page.close();
  await expect(member("bob")).toContainText("offline");
  await expect(member("alice")).toContainText("online");

  await carol.leave();
  await expect(member("carol")).toHaveCount(0, { timeout: 12_000 });
});

test("a person in two tabs is one, and online until the last is closed", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  const second = await bob.newTab("bob");
  await alice.enter("general");
  await bob.enter("general");
  await second.enter("general");
  const member = alice.members.getByRole("listitem").filter({ hasText: "bob" });
  await expect(member).toHaveCount(1);
  await expect(member).toContainText("online");
  await expect(alice.page.getByText("2 online of 2")).toBeVisible();
  await bob.page.close();
  await second.say("still here");
  await expect(alice.log.getByText("still here")).toBeVisible();
  await expect(member).toContainText("online");
  await second.page.close();
  await expect(member).toContainText("offline");
});

test("others see who is typing until they send or stop", async ({ named }) => {
  const [alice, bob, carol] = [await named("alice"), await named("bob"), await named("carol")];
  await alice.hasCreated("general");
  for (const person of [bob, carol]) await person.hasJoined("general");
  for (const person of [alice, bob, carol]) await person.enter("general");
  await bob.box.pressSequentially("hel");
  await expect(alice.page.getByText("bob is typing")).toBeVisible();
  await expect(bob.page.getByText("is typing")).toBeHidden();
  await carol.box.pressSequentially("me too");
  await expect(alice.page.getByText(/bob and carol are typing|carol and bob are typing/)).toBeVisible();
  await bob.box.press("Enter");
  await expect(alice.page.getByText("carol is typing")).toBeVisible();
  await expect(alice.log.getByText("hel")).toBeVisible();
  await expect(alice.page.getByText("is typing")).toBeHidden({ timeout: 12_000 });
});
