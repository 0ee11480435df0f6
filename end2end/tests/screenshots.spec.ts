// Pictures: three for the README, and every page and state for whoever wants to look at them all.
// `npm run screenshots`; SHOTS names the folder for the whole set.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import type { Person, Room } from "../support/person.ts";
import { LOST, expect, test } from "../support/test.ts";

test.use({ tolerated: [LOST] });

const README = resolve(import.meta.dirname, "../screenshots");
const ALL = process.env.SHOTS;
const SCHEMES = ["light", "dark"] as const;
const SIZES = [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];

const HOUR = 3_600_000;

/** Who says what in the README's pictures, and how many hours before they are taken. */
const TALK: [who: 0 | 1 | 2, hours: number, said: string, re?: string][] = [
  [1, 25.2, "The shelf above the wheel is fixed. Please let the bowls dry for two days, not one."],
  [1, 25.2, "Same for everything with a handle."],
  [2, 25, "Noted! The blue buckets by the sink are glaze, not slip. Somebody nearly threw a vase into one of them."],
  [0, 24.9, "That was me. Sorry."],
  [0, 1.1, "The kiln is free on Saturday after all. Who is in?"],
  [2, 0.9, "I am, and I can bring the celadon. There is enough for everybody. The schedule, so that nobody burns it again:\n```\ncone 06   1000 °C   hold 10 min\ncone 6    1222 °C   hold 15 min\n```"],
  [1, 0.5, "Me! I still have the two big bowls from last week."],
  [1, 0.5, "And the teapot, if it dries in time."],
  [0, 0.3, "Lovely. Then let us say **ten o'clock** at the workshop.", "Me! I still have"],
  [2, 0.2, "Ten is fine, @Ines. I'll be there a little earlier to open up and start the fan."],
];

/** Who reacts to what. */
const REACTIONS: [who: 0 | 1 | 2, to: string, emoji: string][] = [
  [1, "The kiln is free", "🎉"],
  [2, "The kiln is free", "🎉"],
  [0, "And the teapot", "🤞"],
];

/** All of it, in a room that they are in. */
async function talk(people: Person[], room: Room): Promise<void> {
  const [first] = people as [Person];
  const seq = async (words: string) => {
    const messages = await first.history(room);
    return messages.find(({ body }) => body.startsWith(words))!.seq;
  };
  for (const [who, , said, re] of TALK) {
    if (re) await people[who]!.hasAnswered(room, await seq(re), said);
    else await people[who]!.hasSaid(room, said);
  }
  for (const [who, to, emoji] of REACTIONS) await people[who]!.hasReacted(room, await seq(to), emoji);
}

/** What was said in the other rooms, and how many of the last words Ines has not read. */
const ELSEWHERE: [room: string, unread: number, ...said: string[]][] = [
  ["Kiln rota", 0, "Next week is Runa's."],
  ["The stairwell", 0, "The lift is back."],
  ["Choir", 2, "Who has the alto part of the second piece?", "Bring pencils."],
  ["Saturday market", 3, "Stall 14 again.", "The van leaves at six.", "Can anybody lend a second table?"],
];

/** Has a page get messages that are as old as the talk wants them: a server dates what it stores by its own clock. */
async function age(page: Page): Promise<void> {
  await page.route("**/api/room_page", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    for (const [index, message] of answer.history.messages.entries()) message.at -= (TALK[index]?.[1] ?? 0) * HOUR;
    await route.fulfill({ response, json: answer });
  });
}

test("the README's pictures", async ({ named }) => {
  const viewport = { width: 1280, height: 800 };
  const people = [await named("Ines", { viewport }), await named("Matteo"), await named("Runa")];
  const [ines, matteo, runa] = people as [Person, Person, Person];
  for (const [name, unread, ...said] of ELSEWHERE) {
    const room = await matteo.hasCreated(name);
    await ines.hasJoined(name);
    await matteo.hasSaid(room, ...said);
    if (unread === 0) {
      await ines.enter(name);
      await expect(ines.log.getByText(said.at(-1)!)).toBeVisible();
    }
  }
  const room = await ines.hasCreated("Pottery");
  for (const person of [matteo, runa, await named("Tomas"), await named("Abiola")]) await person.hasJoined("Pottery");
  for (const person of [matteo, runa]) await person.enter("Pottery");
  await talk(people, room);
  mkdirSync(README, { recursive: true });

  const shoot = async ({ page }: Person, name: string) => {
    await page.getByRole("main").hover({ position: { x: 300, y: 4 } });
    await page.screenshot({ path: join(README, `${name}.png`) });
  };
  await age(ines.page);
  await ines.goto(ines.dashboard());
  await ines.row("Pottery").getByRole("link").click();
  await expect(ines.log.getByText("start the fan")).toBeVisible();
  await ines.live();
  await runa.box.pressSequentially("S");
  await expect(ines.page.getByText("Runa is typing")).toBeVisible();
  for (const colorScheme of SCHEMES) {
    await ines.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await shoot(ines, `room-${colorScheme}`);
  }

  const phone = await ines.context.browser()!.newContext({
    baseURL: new URL(ines.page.url()).origin,
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    reducedMotion: "reduce",
    storageState: await ines.context.storageState(),
  });
  const page = await phone.newPage();
  await age(page);
  await page.goto(ines.dashboard());
  await page.getByRole("list", { name: "Your rooms" }).getByRole("link", { name: "Pottery" }).tap();
  await expect(page.getByRole("log").getByText("start the fan")).toBeVisible();
  await page.screenshot({ path: join(README, "room-phone.png") });
  await phone.close();
});

test("every page and state", async ({ named, person }) => {
  test.skip(!ALL, "SHOTS names no folder");
  test.setTimeout(180_000);
  const shoot = async ({ page }: Person, name: string, fullPage = false) => {
    for (const viewport of SIZES) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.waitForTimeout(120);
        await page.screenshot({ path: join(ALL!, `${name}-${viewport.width}-${colorScheme}.png`), fullPage });
      }
    }
  };

  const stranger = await person("stranger");
  await stranger.goto("/");
  await shoot(stranger, "landing");
  const people = [await named("Ines"), await named("Matteo"), await named("Runa")];
  const [ines, matteo, runa] = people as [Person, Person, Person];
  await stranger.claim("INES");
  await expect(stranger.alert).toBeVisible();
  await shoot(stranger, "landing-error");
  await stranger.goto("/rooms/Pottery");
  await shoot(stranger, "invite-stranger");
  await ines.goto("/");
  await shoot(ines, "landing-names");
  await ines.goto(ines.dashboard());
  await shoot(ines, "dashboard-empty");
  await ines.create("", "");
  await expect(ines.alert.first()).toBeVisible();
  await shoot(ines, "dashboard-error");

  const room = await ines.hasCreated("Pottery");
  await ines.enter("Pottery");
  await shoot(ines, "room-empty");
  const choir = await matteo.hasCreated("Choir");
  await ines.hasJoined("Choir");
  for (const guest of [matteo, runa]) {
    await guest.goto("/rooms/Pottery#key=open%20sesame");
    if (guest === matteo) await shoot(guest, "invite-guest");
    await guest.hasJoined("Pottery");
  }
  await matteo.enter("Pottery");
  await talk(people, room);
  await matteo.hasSaid(choir, "Is anybody there?");
  await ines.goto(ines.dashboard());
  await shoot(ines, "dashboard");
  await ines.page.getByRole("button", { name: "Delete Pottery" }).click();
  await shoot(ines, "dashboard-dialog");
  await ines.enter("Pottery");
  await shoot(ines, "room");
  await ines.log.getByRole("article").filter({ hasText: "The kiln is free" }).hover();
  await shoot(ines, "room-actions");
  await ines.log.getByRole("button", { name: "React", exact: true }).click();
  await expect(ines.page.getByRole("group", { name: "Emoji" })).toContainText("Smileys");
  await shoot(ines, "room-picker");
  await ines.page.keyboard.press("Escape");
  await ines.log.getByRole("article").filter({ hasText: "Lovely" }).hover();
  await ines.log.getByRole("button", { name: "Edit", exact: true }).click();
  await shoot(ines, "room-editor");
  await ines.page.keyboard.press("Escape");
  await ines.log.getByRole("article").filter({ hasText: "And the teapot" }).hover();
  await ines.log.getByRole("button", { name: "Reply", exact: true }).click();
  await ines.box.fill("Bring it, @");
  await ines.box.press("ArrowDown");
  await shoot(ines, "room-reply");
  await ines.box.press("Escape");
  await ines.page.keyboard.press("Control+k");
  await expect(ines.page.getByRole("listbox", { name: "Places" })).toBeVisible();
  await shoot(ines, "switcher");
  await ines.page.keyboard.press("Escape");
  await ines.goto(`/@Ines/search?words=${encodeURIComponent("kiln")}`);
  await shoot(ines, "search");
  await ines.goto(`${ines.room("Pottery")}/settings`);
  await ines.page.getByRole("textbox", { name: "Topic" }).fill("Wheel, kiln and glazes");
  await ines.page.getByRole("button", { name: "Save" }).click();
  await ines.page.getByRole("button", { name: "Make Matteo moderator" }).click();
  await ines.page.getByRole("button", { name: "New invite" }).click();
  await expect(ines.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await shoot(ines, "room-settings", true);
  await ines.page.getByRole("button", { name: "Change how long" }).click();
  await shoot(ines, "room-settings-dialog");
  await ines.page.keyboard.press("Escape");
  await ines.page.getByRole("button", { name: "Let only moderators write" }).click();
  await expect(ines.page.getByRole("button", { name: "Let everyone write" })).toBeVisible();
  await runa.enter("Pottery");
  await shoot(runa, "room-shut");
  await runa.page.getByRole("link", { name: "Room settings" }).click();
  await expect(runa.heading).toHaveText("Pottery settings");
  await shoot(runa, "room-settings-member", true);
  await ines.page.getByRole("button", { name: "Let everyone write" }).click();
  await ines.goto("/@Ines/settings");
  await ines.page.getByRole("button", { name: "Let another browser in" }).click();
  await expect(ines.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await shoot(ines, "settings", true);
  await ines.goto("/rooms/Pottery");
  await shoot(ines, "invite-inside");
  await ines.page.setViewportSize(SIZES[0]!);
  await ines.goto(ines.room("Pottery"));
  await ines.page.getByRole("button", { name: /Members/ }).click();
  await ines.page.screenshot({ path: join(ALL!, "room-members-360-light.png") });
  await ines.page.keyboard.press("Escape");
  await ines.page.getByRole("button", { name: "Rooms" }).click();
  await ines.page.screenshot({ path: join(ALL!, "room-rooms-360-light.png") });

  await runa.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `And another thing, number ${n + 1}.`));
  await matteo.enter("Pottery");
  await matteo.log.hover();
  await matteo.page.mouse.wheel(0, -600);
  await expect(matteo.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
  await shoot(matteo, "room-further-up");
  await matteo.context.setOffline(true);
  await expect(matteo.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
  await matteo.say("This waits until the train is out of the tunnel.");
  await expect(matteo.log.getByText("Waiting")).toBeVisible();
  await shoot(matteo, "room-offline");
  await runa.goto(runa.dashboard());
  await runa.page.getByRole("button", { name: "Log out" }).click();
  await shoot(runa, "dashboard-log-out");
  await runa.goto("/nowhere");
  await shoot(runa, "not-found");
  await runa.goto("/@Ines");
  await shoot(runa, "not-yours");
  await runa.goto(runa.room("Choir"));
  await shoot(runa, "locked");
});
