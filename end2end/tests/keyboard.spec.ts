// With the keyboard alone, and for those who ask for no motion.

import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

/** Presses Tab until the keyboard's place is at `target`, which must be visible there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${target} cannot be reached with Tab`);
}

test("a name is claimed, a room created and a message sent with the keyboard alone", async ({ person }) => {
  const alice = await person("alice");
  const page = alice.page;
  await alice.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await tabTo(page, page.getByRole("textbox", { name: "Username" }));
  await page.keyboard.type("alice");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/@alice");

  const form = page.getByRole("form", { name: "Create a room" });
  await tabTo(page, form.getByRole("textbox", { name: "Room name" }));
  await page.keyboard.type("general");
  await tabTo(page, form.getByRole("button", { name: "Suggest a key" }));
  await page.keyboard.press("Space");
  await expect(form.getByRole("textbox", { name: "Room key" })).not.toHaveValue("");
  await tabTo(page, form.getByRole("button", { name: "Create room" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("general");

  await tabTo(page, page.getByRole("textbox", { name: "Message", exact: true }));
  await page.keyboard.type("typed without a mouse");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log", { name: "Messages" }).getByText("typed without a mouse")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeFocused();
});

test("every stop of the keyboard is in sight and can be seen to have it", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "hello https://example.org/");
  for (const path of ["/", alice.dashboard(), alice.room("general"), "/rooms/general"]) {
    await alice.goto(path);
    const stops = new Set<string>();
    for (let presses = 0; presses < 40; presses++) {
      await alice.page.keyboard.press("Tab");
      const stop = await alice.page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        if (element === document.body) return undefined;
        const box = element.getBoundingClientRect();
        // The mark may be around what a link lies over, or around the card that a textbox is in.
        const marked = [
          getComputedStyle(element),
          getComputedStyle(element, "::after"),
          getComputedStyle(element.closest("form") ?? element),
        ].some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) > 0);
        return {
          what: element.outerHTML.slice(0, 160),
          seen: box.width > 1 && box.bottom > 0 && box.top < innerHeight && marked,
        };
      });
      if (!stop || stops.has(stop.what)) break;
      stops.add(stop.what);
      expect(stop.seen, `${path}: ${stop.what}`).toBe(true);
    }
    expect(stops.size).toBeGreaterThan(3);
  }
});

test("however much is in a room's columns, its page does not scroll and the ways out stay in sight", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 40 }, (_, n) => `message ${n + 1}`));
  const { page } = alice;
  for (const viewport of [{ width: 1280, height: 800 }, { width: 768, height: 1024 }, { width: 360, height: 740 }]) {
    await page.setViewportSize(viewport);
    await alice.goto(alice.room("general"));
    // As many as would take an hour to claim and create.
    await page.evaluate(() => {
      for (const list of document.querySelectorAll(".members, .room-nav")) {
        for (let n = 0; n < 80; n++) list.append(list.firstElementChild!.cloneNode(true));
      }
    });
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to content" }).press("Enter");
    await alice.log.focus();
    await page.keyboard.press("Home");
    const [scrolled, over] = await page.evaluate(() => [scrollY, document.body.scrollHeight - innerHeight]);
    expect([scrolled, over], `at ${viewport.width}`).toEqual([0, 0]);

    const members = page.getByRole("button", { name: /Members/ });
    const drawer = await members.isVisible();
    if (drawer) await members.click();
    for (const name of ["Copy link", "Leave room", ...(drawer ? ["Close"] : [])]) {
      await expect(page.getByRole("button", { name, exact: true })).toBeInViewport({ ratio: 1 });
    }
    if (drawer) await page.getByRole("button", { name: "Close" }).click();
    const rooms = page.getByRole("button", { name: "Rooms", exact: true });
    if (await rooms.isVisible()) {
      await rooms.click();
      await expect(page.getByRole("button", { name: "Close" })).toBeInViewport({ ratio: 1 });
    }
    await expect(page.getByRole("link", { name: "All rooms" })).toBeInViewport({ ratio: 1 });
  }
});

test("dialogs keep the keyboard's place inside and give it back", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.goto(alice.dashboard());
  const opener = alice.page.getByRole("button", { name: "Delete general" });
  await opener.focus();
  await alice.page.keyboard.press("Enter");
  const dialog = alice.page.getByRole("dialog", { name: /general/ });
  await expect(dialog).toBeVisible();
  // Enter alone does no harm.
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await alice.page.keyboard.press("Tab");
  await expect(dialog.getByRole("button", { name: "Delete room" })).toBeFocused();
  await alice.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await alice.page.keyboard.press("Enter");
  await alice.page.keyboard.press("Tab");
  await alice.page.keyboard.press("Enter");
  await expect(alice.row("general")).toBeHidden();
  await expect(alice.page.getByRole("main")).toBeFocused();
  await expect(alice.page.getByRole("navigation", { name: "Who you are" })).toBeInViewport({ ratio: 1 });
});

test("where people ask for no motion nothing moves by itself", async ({ named }) => {
  const alice = await named("alice", { reducedMotion: "reduce" });
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "hello");
  for (const path of ["/", alice.dashboard(), alice.room("general"), "/rooms/general"]) {
    await alice.goto(path);
    const moving = await alice.page.evaluate(() => {
      const seconds = (times: string) => Math.max(...times.split(",").map(parseFloat));
      return [...document.querySelectorAll("*")]
        .filter((element) => {
          const style = getComputedStyle(element);
          const animated = style.animationName !== "none" && seconds(style.animationDuration) > 0.01;
          const eased = seconds(style.transitionDuration) > 0.01;
          return animated || eased || style.scrollBehavior === "smooth";
        })
        .map((element) => element.outerHTML.slice(0, 120));
    });
    expect(moving, path).toEqual([]);
  }
});

test("a screen reader is told what is said, politely, and not when history is loaded", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  await bob.enter("general");
  await expect(bob.log).toHaveAttribute("aria-live", "polite");
  let release = () => {};
  const held = new Promise<void>((go) => (release = go));
  await bob.page.route("**/api/history", async (route) => {
    await held;
    await route.continue();
  });
  await bob.log.focus();
  await bob.page.keyboard.press("Home");
  await expect(bob.log).toHaveAttribute("aria-live", "off");
  release();
  await expect(bob.log).toHaveAttribute("aria-live", "polite");
});

test("Alt and an arrow go through the rooms", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  for (const name of ["one", "two", "three"]) {
    await alice.hasCreated(name);
    await bob.hasJoined(name);
  }
  await bob.enter("three");
  await bob.page.keyboard.press("Alt+ArrowDown");
  await expect(bob.heading).toHaveText("two");
  await bob.page.keyboard.press("Alt+ArrowDown");
  await expect(bob.heading).toHaveText("one");
  await bob.page.keyboard.press("Alt+ArrowUp");
  await expect(bob.heading).toHaveText("two");
});

test("Ctrl+K leads to rooms, people and what is searched for", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await bob.hasSaid(await bob.hasJoined("general"), "the brass key");
  await alice.goto(alice.room("garden"));
  await alice.enter("general");
  const box = alice.page.getByRole("combobox", { name: "Go to a room, a person or a search" });
  const options = alice.page.getByRole("listbox", { name: "Places" }).getByRole("option");
  await alice.page.keyboard.press("Control+k");
  await expect(box).toBeFocused();
  await expect(options.first()).toBeVisible();
  await box.fill("gar");
  await expect(options.first()).toContainText("garden");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await box.press("Enter");
  await expect(alice.heading).toHaveText("garden");
  await expect(box).toHaveCount(0);

  await alice.page.keyboard.press("Control+k");
  await box.fill("bo");
  await expect(options.filter({ hasText: "bob" })).toContainText("in general");
  await options.filter({ hasText: "bob" }).click();
  await expect(alice.heading).toHaveText("general");

  await alice.page.keyboard.press("Control+k");
  await box.fill("brass");
  await box.press("ArrowUp");
  await box.press("Enter");
  await expect(alice.page.getByRole("list", { name: "Results" })).toContainText("the brass key");

  await alice.page.keyboard.press("Control+k");
  await box.press("Escape");
  await expect(box).toHaveCount(0);
});
