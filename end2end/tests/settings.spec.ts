// Pages of settings: the server's HTML, shown in the page that stays.

import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

/** Counts documents and sockets of a page from here on. */
function count(person: Person): { documents: number; sockets: number } {
  const counted = { documents: 0, sockets: 0 };
  person.page.on("request", (request) => {
    if (request.isNavigationRequest()) counted.documents++;
  });
  person.page.on("websocket", () => counted.sockets++);
  return counted;
}

test("settings are panes of the page that stays, and the way back leads back", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const counted = count(alice);
  await alice.enter("general");
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await expect(alice.page).toHaveURL(`${alice.room("general")}/settings`);
  await expect(alice.heading).toHaveText("general settings");
  await expect(alice.heading).toBeFocused();
  await expect(alice.page).toHaveTitle("general settings · Latchkey");
  await alice.page.goBack();
  await expect(alice.heading).toHaveText("general");
  await alice.page.goForward();
  await expect(alice.heading).toHaveText("general settings");
  await alice.page.getByRole("main").getByRole("link", { name: "general" }).click();
  await expect(alice.heading).toHaveText("general");
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  await alice.page.getByRole("main").getByRole("link", { name: "Settings" }).click();
  await expect(alice.heading).toHaveText("Settings");
  await expect(alice.page).toHaveURL(`${alice.dashboard()}/settings`);
  expect(counted).toEqual({ documents: 1, sockets: 1 });
  await alice.reload();
  await expect(alice.heading).toHaveText("Settings");
});

test("settings that are not mine to see lead to a page that says so", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.goto(`${bob.room("general")}/settings`);
  await expect(bob.heading).toHaveText("This door is locked");
});
