// Where things stand, on screens from a phone's to a wide one, with scroll bars that take space.

import type { Page } from "@playwright/test";
import type { Person, Room } from "../support/person.ts";
import { expect, test } from "../support/test.ts";
import config from "../playwright.config.ts";

const WIDTHS = [360, 768, 1280, 1920];
const LONG = "W".repeat(32);
const RTL = "\u05d0\u05d1\u05e8\u05d4\u05dd";

// Playwright hides scroll bars, and with them what they do to a page.
test.use({
  launchOptions: { ...config.use!.launchOptions, ignoreDefaultArgs: ["--hide-scrollbars"] },
});

async function resize(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 800 });
}

/** A room in which much that is hard to lay out has been said, and in which alice is. */
async function hardRoom(alice: Person, other: Person, name: string): Promise<Room> {
  const room = await alice.hasCreated(name);
  await other.hasJoined(name);
  await other.hasSaid(room, "x".repeat(4_000), `https://example.org/${"y".repeat(900)}`);
  await alice.hasSaid(room, "\u05e9\u05dc\u05d5\u05dd \u05dc\u05db\u05d5\u05dc\u05dd", "W".repeat(300));
  await other.hasSaid(room, ...Array.from({ length: 30 }, (_, n) => `message ${n + 1}`));
  return room;
}

test("nothing is wider than the window, whatever people are called and say", async ({ named, person }) => {
  const [alice, other, stranger] = [await named(RTL), await named(LONG), await person("stranger")];
  const name = "M".repeat(64);
  await hardRoom(alice, other, name);
  for (let n = 0; n < 5; n++) await alice.hasCreated(`room ${n}`);
  const visits: [Person, string][] = [
    [stranger, "/"],
    [alice, "/"],
    [alice, alice.dashboard()],
    [alice, alice.room(name)],
    [stranger, `/rooms/${name}`],
    [alice, `/rooms/${name}`],
    [alice, "/nowhere"],
  ];
  for (const [who, path] of visits) {
    await who.goto(path);
    for (const width of WIDTHS) {
      await resize(who.page, width);
      const beyond = await who.page.evaluate(() => {
        const { clientWidth, scrollWidth } = document.documentElement;
        return Math.max(scrollWidth, document.body.scrollWidth) - clientWidth;
      });
      expect(beyond, `${path} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
});

test("the composer is exactly as wide as the messages above it", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await hardRoom(alice, bob, "general");
  await alice.goto(alice.room("general"));
  for (const width of WIDTHS) {
    await resize(alice.page, width);
    const [rows, card] = await alice.page.evaluate(() =>
      [".log-rows", ".composer"].map((part) => {
        const { left, right } = document.querySelector(part)!.getBoundingClientRect();
        return { left: Math.round(left), right: Math.round(right) };
      }),
    );
    expect(card, `at ${width}`).toEqual(rows);
    const [bar, lane] = await alice.page.evaluate(() =>
      [".room-head h1", ".composer"].map((part) => document.querySelector(part)!.getBoundingClientRect().left),
    );
    expect(bar!, `the room's name at ${width}`).toBeGreaterThanOrEqual(lane!);
  }
});

test("a day's name stays in sight for as long as its day is read", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await hardRoom(alice, bob, "general");
  await alice.goto(alice.room("general"));
  const today = alice.log.getByText("Today", { exact: true });
  await alice.log.getByText("message 12", { exact: true }).evaluate((row) => row.scrollIntoView({ block: "start" }));
  await expect(today).toBeInViewport({ ratio: 1 });
  const [label, log] = [(await today.boundingBox())!, (await alice.log.boundingBox())!];
  expect(label.y - log.y).toBeGreaterThanOrEqual(0);
  expect(label.y - log.y).toBeLessThanOrEqual(24);
});

test("a time stands on a run's first message, shows on the others when asked, and can always be read out", async ({
  named,
}) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "first", "second");
  await alice.goto(alice.room("general"));
  const times = alice.log.getByRole("time");
  await expect(times).toHaveCount(2);
  const opacity = (index: number) =>
    times.nth(index).evaluate((time) => (time as HTMLElement).checkVisibility({ opacityProperty: true }));
  await alice.box.hover();
  expect(await opacity(0)).toBe(true);
  expect(await opacity(1)).toBe(false);
  await alice.log.getByText("second").hover();
  await expect.poll(() => opacity(1)).toBe(true);
});

test("what can be pressed is large enough for a finger", async ({ named, person }) => {
  const viewport = { width: 360, height: 740 };
  const phone = { viewport, hasTouch: true, isMobile: true };
  const [alice, bob, stranger] = [await named("alice", phone), await named("bob"), await person("stranger", phone)];
  await hardRoom(alice, bob, "general");
  const visits: [Person, string][] = [
    [stranger, "/"],
    [alice, "/"],
    [alice, alice.dashboard()],
    [alice, alice.room("general")],
    [alice, "/rooms/general"],
  ];
  for (const [who, path] of visits) {
    await who.goto(path);
    const small = await who.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, input:not([type=hidden], [type=radio]), label.choice, textarea, summary, a")]
        // A link within a text is as high as its line.
        .filter((element) => !element.closest("p:not(.choices, .to-doors), .skip"))
        .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .map((element) => {
          // What lies over a whole row is pressed there.
          const over = getComputedStyle(element, "::after");
          const high = over.position === "absolute" ? parseFloat(over.height) : element.getBoundingClientRect().height;
          return { high, html: element.outerHTML.slice(0, 120) };
        })
        .filter(({ high }) => high > 0 && high < 40),
    );
    expect(small, path).toEqual([]);
  }
});
