// A tap on the shoulder: the tab, notifications, a sound, and what of each room is worth them.

import type { Page } from "@playwright/test";
import type { Person, Room } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

interface Told {
  title: string;
  body: string;
  tag: string;
  click: () => void;
}

/** Notes what is shown and played, which a browser without a screen does not. Runs before anything else in the page. */
function listen(): void {
  const page = window as unknown as { told: Told[]; played: number };
  page.told = [];
  page.played = 0;
  const Real = Notification;
  window.Notification = class {
    static get permission() {
      return Real.permission;
    }
    static requestPermission = () => Real.requestPermission();
    onclick: (() => void) | null = null;
    constructor(title: string, { body = "", tag = "" }: NotificationOptions = {}) {
      page.told.push({ title, body, tag, click: () => this.onclick?.() });
    }
    close() {}
  } as unknown as typeof Notification;
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = async function () {
    await play.call(this);
    page.played++;
  };
}

const told = (page: Page) =>
  page.evaluate(() => (window as unknown as { told: Told[] }).told.map(({ title, body }) => `${title}: ${body}`));
const played = (page: Page) => page.evaluate(() => (window as unknown as { played: number }).played);
const icon = (page: Page) => page.locator("link[rel=icon][type='image/svg+xml']").getAttribute("href");
const notifications = (who: Person) => who.page.getByRole("button", { name: "Notifications" });
/** Longer than a word waits to be told, for what must not be. */
const LONG = 4_000;

let alice: Person, bob: Person, general: Room, garden: Room;
test.beforeEach(async ({ named }) => {
  [alice, bob] = [await named("alice"), await named("bob")];
  await alice.context.addInitScript(listen);
  general = await bob.hasCreated("general");
  garden = await bob.hasCreated("garden");
  for (const name of ["general", "garden"]) await alice.hasJoined(name);
});

async function turnOn(): Promise<void> {
  await alice.context.grantPermissions(["notifications"]);
  await notifications(alice).click();
  await expect(notifications(alice)).toHaveAttribute("aria-pressed", "true");
  await alice.page.evaluate(() => ((window as unknown as { told: Told[] }).told.length = 0));
}

test("nothing is on before somebody presses it, and it stays on", async () => {
  await alice.enter("general");
  await expect(notifications(alice)).toHaveAttribute("aria-pressed", "false");
  await bob.hasSaid(garden, "@alice are you there?");
  await expect(alice.page).toHaveTitle("(@1 · 1) general · Latchkey");
  await alice.page.waitForTimeout(LONG);
  expect(await told(alice.page)).toEqual([]);
  expect(await played(alice.page)).toBe(0);
  await turnOn();
  await alice.reload();
  await expect(notifications(alice)).toHaveAttribute("aria-pressed", "true");
  await notifications(alice).click();
  await expect(notifications(alice)).toHaveAttribute("aria-pressed", "false");
});

test("the tab tells what waits, and whether it names one", async () => {
  await alice.enter("general");
  await expect.poll(() => icon(alice.page)).toBe("/icon.svg");
  await bob.hasSaid(garden, "hello");
  await expect(alice.page).toHaveTitle("(1) general · Latchkey");
  expect(await icon(alice.page)).toBe("/icon-unread.svg");
  await bob.hasSaid(garden, "hello @alice");
  await expect(alice.page).toHaveTitle("(@1 · 2) general · Latchkey");
  expect(await icon(alice.page)).toBe("/icon-mention.svg");
  for (const path of ["/icon.svg", "/icon-unread.svg", "/icon-mention.svg"]) {
    expect((await alice.page.request.get(path)).headers()["content-type"]).toBe("image/svg+xml");
  }
  await alice.beside.getByRole("link", { name: "garden" }).click();
  await expect(alice.page).toHaveTitle("garden · Latchkey");
  expect(await icon(alice.page)).toBe("/icon.svg");
});

test("a message that names one is told once, whatever the number of tabs, and leads to itself", async () => {
  await alice.enter("general");
  await turnOn();
  const other = await alice.newTab("alice");
  await other.enter("general");
  await bob.hasSaid(garden, "nothing special", "now then, @alice: **come**", "and so on");
  const both = async () => [...(await told(alice.page)), ...(await told(other.page))];
  await expect.poll(both).toEqual(["bob · garden: now then, @alice: **come**"]);
  await alice.page.waitForTimeout(LONG);
  expect(await both()).toHaveLength(1);
  const [teller] = (await told(alice.page)).length ? [alice] : [other];
  await teller!.page.evaluate(() => (window as unknown as { told: Told[] }).told[0]!.click());
  await expect(teller!.heading).toHaveText("garden");
  await expect(teller!.log.getByRole("article").filter({ hasText: "now then" })).toHaveClass(/marked/);
  // When the tab that told is closed the other one does.
  const [left] = [alice, other].filter((who) => who !== teller);
  await teller!.page.close();
  await bob.hasSaid(garden, "@alice again");
  await expect.poll(() => told(left!.page)).toEqual(["bob · garden: @alice again"]);
});

test("what is being read is not told, in whichever tab that is", async () => {
  await alice.enter("garden");
  await turnOn();
  const other = await alice.newTab("alice");
  await other.enter("general");
  await bob.hasSaid(general, "@alice you are reading this");
  await expect(other.log.getByText("you are reading this")).toBeVisible();
  await alice.page.waitForTimeout(LONG);
  expect([...(await told(alice.page)), ...(await told(other.page))]).toEqual([]);
});

test("of each room one is told what one chose, and of nothing the tab says nothing either", async () => {
  await alice.enter("general");
  await turnOn();
  const choice = alice.page.getByRole("combobox", { name: "Tell me about" });
  await alice.beside.getByRole("link", { name: "garden" }).click();
  await expect(alice.heading).toHaveText("garden");
  await expect(choice).toHaveValue("");
  await choice.selectOption("everything said here");
  await alice.beside.getByRole("link", { name: "general" }).click();
  await expect(choice).toHaveValue("");
  await bob.hasSaid(garden, "anything");
  await expect.poll(() => told(alice.page)).toEqual(["bob · garden: anything"]);
  await alice.reload();
  await alice.beside.getByRole("link", { name: "garden" }).click();
  await expect(choice).toHaveValue("everything");
  await choice.selectOption("nothing, not even on the tab");
  await alice.beside.getByRole("link", { name: "general" }).click();
  await bob.hasSaid(garden, "@alice!");
  await expect(alice.beside.getByRole("link", { name: "garden" })).toContainText("1 new");
  await alice.page.waitForTimeout(LONG);
  expect(await told(alice.page)).toEqual([]);
  await expect(alice.page).toHaveTitle("general · Latchkey");
  expect(await icon(alice.page)).toBe("/icon.svg");
});

test("rooms that are too many to be followed are told of in the same words", async () => {
  for (let n = 1; n <= 50; n++) {
    await bob.hasCreated(`room ${n}`);
    await alice.hasJoined(`room ${n}`);
  }
  await alice.enter("general");
  await turnOn();
  await alice.page.getByRole("combobox", { name: "Tell me about" }).selectOption("everything said here");
  const opened: number[] = [];
  alice.page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const { t, room } = JSON.parse(String(payload));
      if (t === "open") opened.push(room);
    }),
  );
  await alice.enter("room 50");
  await expect.poll(() => opened.length).toBe(50);
  expect(opened).not.toContain(general.id);
  expect(opened).not.toContain(garden.id);
  await bob.hasSaid(general, "anything");
  await bob.hasSaid(garden, "come, @alice");
  await expect.poll(async () => (await told(alice.page)).sort()).toEqual([
    "bob · garden: come, @alice",
    "bob · general: anything",
  ]);
});

test("a sound is heard when it is turned on, and with what is told", async () => {
  await alice.enter("general");
  const sound = alice.page.getByRole("button", { name: "Sound" });
  await sound.click();
  await expect(sound).toHaveAttribute("aria-pressed", "true");
  expect(await played(alice.page)).toBe(1);
  const other = await alice.newTab("alice");
  await other.enter("general");
  await bob.hasSaid(garden, "@alice", "@alice", "@alice");
  await expect.poll(async () => (await played(alice.page)) + (await played(other.page))).toBe(2);
  await alice.page.waitForTimeout(LONG);
  expect((await played(alice.page)) + (await played(other.page))).toBe(2);
});

test("where notifications are blocked or missing the button says so", async ({ named }) => {
  await alice.enter("general");
  await alice.page.evaluate(() => {
    Object.defineProperty(Notification, "permission", { get: () => "denied" });
  });
  await notifications(alice).click();
  await expect(alice.page.getByText("Notifications are blocked.")).toBeVisible();
  await expect(notifications(alice)).toHaveAttribute("aria-pressed", "false");
  const carol = await named("carol");
  await carol.page.addInitScript(() => Reflect.deleteProperty(window, "Notification"));
  await carol.goto(carol.dashboard());
  await notifications(carol).click();
  await expect(carol.page.getByText("This browser offers no notifications here.")).toBeVisible();
});

test("nothing of it is offered without a script, and whoever claims a name anew starts anew", async ({ named }) => {
  const plain = await named("plain", { javaScriptEnabled: false });
  await plain.page.goto(plain.dashboard());
  await expect(plain.heading).toBeVisible();
  await expect(notifications(plain)).toBeHidden();
  await alice.enter("general");
  await turnOn();
  await alice.page.getByRole("combobox", { name: "Tell me about" }).selectOption("nothing, not even on the tab");
  await alice.goto(alice.settings());
  await alice.giveUp();
  await expect.poll(() => alice.page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});
