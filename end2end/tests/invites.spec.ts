// Invites: links that let people in without the key, until a time and so many; and links as QR codes.

import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

/** The link with the invite that was just made, without this server's address. */
async function link(who: Person): Promise<string> {
  const text = await who.page.locator("#invite-link").textContent();
  expect(text).toContain("/rooms/general#key=inv_");
  const url = new URL(text!);
  expect(url.origin).toBe(new URL(who.page.url()).origin);
  return url.pathname + url.hash;
}

const invites = (who: Person) => who.page.getByRole("list", { name: "Invites" }).getByRole("listitem");

test("an invite lets in as many as it says, is shown once, and ends when it is ended", async ({ named, person }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await alice.enter("general");
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await alice.page.getByRole("spinbutton", { name: "How many people" }).fill("2");
  await alice.page.getByRole("combobox", { name: "For how long" }).selectOption({ label: "a day" });
  await alice.page.getByRole("button", { name: "New invite" }).click();
  await expect(alice.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await expect(alice.page.getByRole("button", { name: "Copy link" })).toBeVisible();
  await expect(invites(alice)).toHaveCount(1);
  await expect(invites(alice)).toContainText("2 more people");
  const invite = await link(alice);

  // A stranger's first name, and the way in.
  const runa = await person("runa");
  await runa.goto(invite);
  await expect(runa.page).toHaveURL("/rooms/general");
  await runa.claim();
  await expect(runa.form("Join the room").getByRole("textbox", { name: "Room key" })).toHaveValue(/^inv_/);
  await runa.page.getByRole("button", { name: "Join room" }).click();
  await expect(runa.heading).toHaveText("general");
  // It is no key that could be handed on.
  await expect(runa.page.getByRole("button", { name: "Copy link", exact: true })).toBeVisible();
  await expect(runa.page.getByRole("button", { name: "Copy link with key" })).toBeHidden();
  await expect(invites(alice)).toContainText("1 more person");
  await expect(alice.page.getByRole("button", { name: "Remove runa" })).toBeVisible();

  await alice.reload();
  await expect(alice.page.locator("#invite-link")).toBeHidden();
  await alice.page.getByRole("button", { name: "End invite" }).click();
  await expect(alice.page.getByText("There is no invite.")).toBeVisible();
  await bob.goto(invite);
  await bob.page.getByRole("button", { name: "Join room" }).click();
  await expect(bob.alert).toContainText("No room opens with that name and key");
  await expect(runa.heading).toHaveText("general");
});

test("an invite that has let in its last is not shown any more", async ({ pair, named }) => {
  const { alice } = pair;
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await alice.page.getByRole("spinbutton", { name: "How many people" }).fill("1");
  await alice.page.getByRole("button", { name: "New invite" }).click();
  const invite = await link(alice);
  const runa = await named("runa");
  await runa.goto(invite);
  await runa.page.getByRole("button", { name: "Join room" }).click();
  await expect(runa.heading).toHaveText("general");
  await expect(alice.page.locator("#invite-link")).toBeHidden();
  await expect(alice.page.getByText("There is no invite.")).toBeVisible();
});

test("the link with the key is a QR code, drawn without asking anybody", async ({ named }) => {
  const alice = await named("alice");
  await alice.goto(alice.dashboard());
  await alice.create("general", "open sesame");
  await alice.live();
  const asked: string[] = [];
  alice.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await alice.page.getByRole("button", { name: "QR code" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "QR code" });
  await expect(dialog.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  expect(asked.filter((path) => !path.startsWith("/pkg/"))).toEqual([]);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(alice.page.getByRole("dialog")).toHaveCount(0);
  await expect(alice.page.getByRole("button", { name: "QR code" })).toBeFocused();
});
