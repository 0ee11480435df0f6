// What machines can check of accessibility, on every page, light and dark, on a phone and on a desktop.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { LOST, expect, test } from "../support/test.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SIZES = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
];
const SCHEMES = ["light", "dark"] as const;

/** Has axe look at a page in every size and scheme; a phone's page must not scroll sideways either. */
async function check(page: Page, sizes = SIZES): Promise<void> {
  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      // Colours that are still on their way from one scheme to the other are nobody's.
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).setLegacyMode().analyze();
      const found = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
      );
      expect(found, `${page.url()} ${colorScheme} at ${size.width}`).toEqual([]);
    }
    await staysInside(page);
  }
}

async function staysInside(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width && document.body.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => element.outerHTML.slice(0, 120));
  });
  expect(wide, `${page.url()} scrolls sideways`).toEqual([]);
}

// Axe looks closely, which takes its time on a busy machine.
test.describe.configure({ timeout: 90_000 });

test("the start, with and without names", async ({ named, person }) => {
  const stranger = await person("stranger");
  await stranger.goto("/");
  await check(stranger.page);
  const alice = await named("alice");
  await alice.goto("/");
  await alice.claim("alice");
  await expect(alice.alert).toBeVisible();
  await check(alice.page);
});

test("the dashboard, empty, with errors and with rooms", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.goto(alice.dashboard());
  await check(alice.page);
  await alice.join("nowhere", "k");
  await expect(alice.alert).toBeVisible();
  await check(alice.page);
  const room = await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await bob.hasJoined("general");
  await bob.hasSaid(room, "hello");
  await alice.goto(alice.dashboard());
  await expect(alice.row("general")).toContainText("1 new");
  await check(alice.page);
});

test("the dashboard with each of its dialogs, and with the menu of names", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await (await alice.newTab("ben")).hasClaimed();
  await alice.goto(alice.dashboard());
  for (const button of ["Leave general", "Delete general", "Log out"]) {
    await alice.page.getByRole("button", { name: button }).click();
    const dialog = alice.page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    await check(alice.page);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
  }
  const who = alice.page.getByRole("navigation", { name: "Who you are" });
  await who.getByRole("button", { name: "@alice" }).click();
  await expect(who.getByRole("link", { name: "@ben" })).toBeVisible();
  await check(alice.page);
});

test("a room's settings, as its owner and as a member, with an invite, an error, a question and a QR code", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.goto(alice.dashboard());
  await alice.create("general", "open sesame");
  await expect(alice.heading).toHaveText("general");
  await bob.hasJoined("general");
  await alice.page.getByRole("button", { name: "QR code" }).click();
  await expect(alice.page.getByRole("dialog", { name: "QR code" })).toBeVisible();
  await check(alice.page);
  await alice.goto(`${alice.room("general")}/settings`);
  await alice.page.getByRole("button", { name: "New invite" }).click();
  await expect(alice.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await alice.page.getByRole("button", { name: "Change key" }).click();
  await expect(alice.alert).toBeVisible();
  await check(alice.page);
  await alice.page.getByRole("button", { name: "Change how long" }).click();
  await check(alice.page);
  await alice.page.keyboard.press("Escape");
  await alice.page.getByRole("button", { name: "Let only moderators write" }).click();
  await bob.enter("general");
  await expect(bob.page.getByText("Only its owner and moderators write in this room.")).toBeVisible();
  await check(bob.page);
  await bob.page.getByRole("link", { name: "Room settings" }).click();
  await expect(bob.heading).toHaveText("general settings");
  await check(bob.page);
});

test("dialogs of a page whose WASM never arrives", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.page.route("**/*.wasm", () => {});
  for (const [path, button] of [[alice.dashboard(), "Delete general"], [alice.room("general"), "Leave room"]] as const) {
    await alice.page.goto(path, { waitUntil: "commit" });
    await alice.page.getByRole("button", { name: button }).click();
    await expect(alice.page.getByRole("dialog")).toBeVisible();
    await check(alice.page);
  }
});

test.describe("the room", () => {
  test.use({ tolerated: [LOST] });

  test("empty, and with messages, errors and what waits", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    const room = await alice.hasCreated("general");
    await alice.enter("general");
    await check(alice.page);
    await bob.hasJoined("general");
    await alice.hasSaid(room, "hello", "see https://example.org/");
    await bob.hasSaid(room, ...Array.from({ length: 30 }, (_, n) => `message ${n + 1}`));
    await bob.goto(bob.room("general"));
    await alice.say("x".repeat(4_001));
    await expect(alice.alert).toBeVisible();
    await check(alice.page);
    await bob.context.setOffline(true);
    await expect(bob.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
    await bob.say("later");
    await expect(bob.log.getByText("Waiting")).toBeVisible();
    await bob.log.focus();
    await bob.page.keyboard.press("PageUp");
    await expect(bob.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
    await check(bob.page);
  });
});

test("what opens over a room: rooms and members on a phone, the question before leaving, the names", async ({ named }) => {
  const [alice, bob] = [await named("alice", { viewport: SIZES[0]! }), await named("bob")];
  const room = await alice.hasCreated("general");
  const garden = await alice.hasCreated("garden");
  for (const name of ["general", "garden"]) await bob.hasJoined(name);
  await bob.hasSaid(room, "hello");
  await bob.hasSaid(garden, "the roses are out");
  await alice.goto(alice.room("general"));
  const button = (name: string | RegExp) => alice.page.getByRole("button", { name });
  await button("Rooms").click();
  await expect(alice.page.getByRole("navigation", { name: "Rooms" })).toBeInViewport({ ratio: 1 });
  await check(alice.page, SIZES.slice(0, 1));
  await alice.page.keyboard.press("Escape");
  await button(/Members/).click();
  await expect(alice.members).toBeInViewport();
  await check(alice.page, SIZES.slice(0, 1));
  await button("Leave room").click();
  await expect(alice.page.getByRole("dialog", { name: "Leave general?" })).toBeVisible();
  await check(alice.page);
  await alice.page.keyboard.press("Escape");
  await alice.goto(alice.room("general"));
  await button("@alice").click();
  await check(alice.page, SIZES.slice(1));
});

test("an invitation, to a stranger, to a guest and to one who is inside", async ({ named, person }) => {
  const [alice, bob, stranger] = [await named("alice"), await named("bob"), await person("stranger")];
  await alice.hasCreated("general");
  await stranger.goto("/rooms/general");
  await check(stranger.page);
  await bob.goto("/rooms/general");
  await bob.form("Join the room").getByRole("button", { name: "Join room" }).click();
  await expect(bob.alert).toBeVisible();
  await check(bob.page);
  await alice.goto("/rooms/general");
  await check(alice.page);
});

test("pages that are not there, or not for this browser", async ({ named }) => {
  const alice = await named("alice");
  for (const path of ["/nowhere", "/@bob", alice.room("nowhere")]) {
    const answer = await alice.page.goto(path);
    expect(answer?.status()).toBeGreaterThanOrEqual(400);
    await check(alice.page);
  }
});

test("the longest names and words stay inside a phone's width", async ({ named }) => {
  const viewport = SIZES[0]!;
  const [wide, bob] = [await named("W".repeat(32), { viewport }), await named("b".repeat(32))];
  const name = "M".repeat(64);
  const room = await wide.hasCreated(name);
  await bob.hasJoined(name);
  await wide.hasSaid(room, "x".repeat(4_000), `https://example.org/${"y".repeat(900)}`, "\u202eright to left");
  await bob.hasSaid(room, "W".repeat(300));
  for (const path of ["/", wide.dashboard(), wide.room(name), `/rooms/${name}`, "/rooms/other", `/@${"N".repeat(32)}`]) {
    await wide.goto(path);
    await staysInside(wide.page);
  }
  await wide.goto(wide.dashboard());
  await wide.page.getByRole("button", { name: /^Delete/ }).click();
  await staysInside(wide.page);
  await wide.goto(wide.room(name));
  await wide.page.getByRole("button", { name: /Members/ }).click();
  await expect(wide.members).toBeVisible();
  await staysInside(wide.page);
  await wide.goto(wide.dashboard());
  await wide.page.getByRole("button", { name: `@${wide.name}` }).click();
  await staysInside(wide.page);
});

test("on a phone the rooms and the members are drawers, and the composer stays in sight", async ({ named }) => {
  const alice = await named("alice", { viewport: SIZES[0]!, hasTouch: true, isMobile: true });
  const room = await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  await alice.goto(alice.room("general"));
  await expect(alice.members).toBeHidden();
  await expect(alice.box).toBeInViewport({ ratio: 1 });
  await expect(alice.page.getByRole("button", { name: "Send" })).toBeInViewport({ ratio: 1 });
  await expect(alice.log.getByText("message 60")).toBeInViewport();
  await alice.page.getByRole("button", { name: /Members/ }).tap();
  await expect(alice.members).toBeInViewport();
  await expect(alice.page.getByRole("button", { name: "Leave room" })).toBeInViewport();
  await alice.page.getByRole("button", { name: "Close" }).tap();
  await expect(alice.members).toBeHidden();
  await alice.page.getByRole("button", { name: "Rooms" }).tap();
  await alice.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "garden" }).tap();
  await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("garden");

  await alice.goto(alice.dashboard());
  const form = alice.form("Join a room");
  await expect(form).not.toBeInViewport();
  await alice.page.getByRole("link", { name: "Join with a key" }).tap();
  await expect(form.getByRole("textbox", { name: "Room name" })).toBeInViewport({ ratio: 1 });
  await alice.goto(alice.room("garden"));

  // Fingers need room.
  const small = await alice.page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([type=hidden]), textarea, nav a")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .map((element) => ({ html: element.outerHTML.slice(0, 120), box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && box.height < 40)
      .map(({ html, box }) => `${box.height}px: ${html}`),
  );
  expect(small).toEqual([]);
});

test("the ways into a name, as a stranger and as its holder sees them", async ({ named, person }) => {
  const stranger = await person("stranger");
  await stranger.goto("/sign-in");
  await stranger.page.getByRole("textbox", { name: "Username" }).fill("nobody");
  await stranger.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(stranger.alert).toBeVisible();
  await check(stranger.page);
  const alice = await named("alice");
  await alice.hasPassphrase();
  await alice.goto(alice.settings());
  await alice.page.getByRole("button", { name: "Let another browser in" }).click();
  await expect(alice.page.locator("#pass-link")).toBeVisible();
  await check(alice.page);
  await alice.page.getByRole("button", { name: "Give up alice" }).click();
  await check(alice.page);
});
