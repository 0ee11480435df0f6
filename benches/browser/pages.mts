// What going about in Latchkey costs a browser. Nothing here knows how a page is built: rooms are found by role and
// name, so that a page for each room and one page for all are measured alike.

import { setTimeout } from "node:timers/promises";
import type { BrowserContextOptions, CDPSession, Page } from "../../end2end/node_modules/@playwright/test";
import { type Person, alive } from "../../end2end/support/person.ts";
import { expect } from "../../end2end/support/test.ts";
import { type Build, COLD, FIRST, FULL, MIRAS, MOVES, ROUNDS, SPOKEN, WARM, test, text } from "./builds.mts";
import { type Sample, measure } from "./measure.mts";
import type { Figures } from "./watch.mts";

const SWITCHES = 200;
const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 3,
  isMobile: true,
  hasTouch: true,
};

test("documents and sockets for dashboard, five rooms, back, forward", ({ builds }) =>
  measure(builds, "moves", 1, async (build) => async () => {
    const anna = await build.visitor("anna");
    const counted = { documents: 0, sockets: 0 };
    anna.page.on("request", (request) => {
      if (request.isNavigationRequest()) counted.documents += 1;
    });
    anna.page.on("websocket", () => (counted.sockets += 1));
    await anna.goto(anna.dashboard());
    const [first, ...others] = COLD.slice(0, MOVES);
    await anna.rooms.getByRole("link", { name: first!, exact: true }).click();
    await inRoom(anna, first!);
    for (const room of others) await go(anna, room);
    await anna.page.goBack();
    await inRoom(anna, others.at(-2)!);
    await anna.page.goForward();
    await inRoom(anna, others.at(-1)!);
    return counted;
  }));

test("back to a room that is warm", ({ builds }) =>
  measure(builds, "warm", ROUNDS, async (build) => {
    const anna = await build.visitor("anna");
    await anna.enter(WARM[1]!);
    await loadAll(anna, WARM[1]!);
    await go(anna, WARM[0]!);
    await loadAll(anna, WARM[0]!);
    // As many of its rows as the page keeps come back with a room.
    await go(anna, WARM[1]!);
    await setTimeout(1_000);
    const kept = await shown(anna, WARM[1]!);
    let round = 0;
    return () => switched(anna, WARM[round++ % 2]!, FULL, kept);
  }));

test("to a room that is cold", ({ builds }) =>
  measure(builds, "cold", ROUNDS, async (build) => {
    const anna = await build.visitor("anna");
    await anna.enter(WARM[0]!);
    let round = 0;
    return () => switched(anna, COLD[round++]!, FIRST, FIRST);
  }));

test("a message from another in a full window", ({ builds }) =>
  measure(builds, "message", ROUNDS, async (build) => {
    const [anna, bob] = [await build.visitor("anna"), await build.visitor("bob")];
    await anna.enter(SPOKEN);
    await loadAll(anna, SPOKEN);
    const page = await devtools(anna.page);
    let said = FULL;
    return async () => {
      const [, idle] = await workDuring(page, async () => {});
      const words = text(SPOKEN, ++said);
      const [, work] = await workDuring(page, () => bob.hasSaid(build.rooms.get(SPOKEN)!, words));
      await expect(anna.log.getByText(words)).toBeInViewport();
      return { ...work, idle: idle.work, rows: await shown(anna, SPOKEN) };
    };
  }));

test("what is left behind", ({ builds }) =>
  measure(builds, "memory", 1, async (build) => async () => {
    const [mira, bob] = [await build.visitor("mira"), await build.visitor("bob")];
    await mira.enter(MIRAS.at(-1)!);
    const page = await devtools(mira.page);
    const said = new Map(MIRAS.map((room) => [room, 2 * FIRST]));
    let before: Sample = {};
    for (let count = 0; count < SWITCHES; count++) {
      if (count === MIRAS.length) before = await held(mira.page, page);
      const room = MIRAS[count % MIRAS.length]!;
      await go(mira, room);
      // 10,000 in all come while they are looked at.
      const from = said.get(room)!;
      const words = Array.from({ length: 50 }, (_, n) => text(room, from + n + 1));
      await bob.hasSaid(build.rooms.get(room)!, ...words);
      said.set(room, from + words.length);
      await expect(mira.log.getByText(words.at(-1)!)).toBeVisible();
    }
    const after = await held(mira.page, page);
    return {
      ...after,
      together: after.heap! + after.wasm!,
      nodesGrown: after.nodes! / before.nodes! - 1,
      listenersGrown: after.listeners! / before.listeners! - 1,
    };
  }));

test("a first visit to a room", ({ builds }) =>
  measure(builds, "visit", ROUNDS, async (build) => () => firstVisit(build, {}, async () => {})));

test("a first visit to a room on a phone", ({ builds }) =>
  measure(builds, "phone", ROUNDS, async (build) => () =>
    firstVisit(build, PHONE, async (page) => {
      await page.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await page.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 150,
        downloadThroughput: 1_600_000 / 8,
        uploadThroughput: 750_000 / 8,
      });
    })));

/** Goes to a room by its link in the list beside the one that is open. */
async function go(person: Person, room: string): Promise<void> {
  await person.beside.getByRole("link", { name: room }).click();
  await inRoom(person, room);
}

async function inRoom(person: Person, room: string): Promise<void> {
  await expect(person.heading).toHaveText(room);
  await expect(person.log).toContainText(` of ${room}:`);
  await alive(person.page);
}

/** Messages of a room that are on the page. */
async function shown(person: Person, room: string): Promise<number> {
  return ((await person.log.textContent()) ?? "").split(` of ${room}:`).length - 1;
}

/** Reads back to a full room's first message, and goes to its end again. */
async function loadAll(person: Person, room: string): Promise<void> {
  await person.log.hover();
  await expect(async () => {
    await person.page.mouse.wheel(0, -20_000);
    expect(await shown(person, room)).toBe(FULL);
  }).toPass({ intervals: [100], timeout: 30_000 });
  await expect(async () => {
    await person.page.mouse.wheel(0, 40_000);
    await expect(person.log.getByText(text(room, FULL))).toBeInViewport({ timeout: 300 });
  }).toPass({ timeout: 30_000 });
}

/** One switch to a room with so many messages, until so many rows are painted. */
async function switched(person: Person, room: string, messages: number, rows: number): Promise<Sample> {
  const { page } = person;
  // Whatever the switch before has started is over.
  await setTimeout(300);
  const awaited = JSON.stringify({ newest: `Message ${messages} of ${room}:`, each: ` of ${room}:`, rows });
  await page.evaluate((awaited) => sessionStorage.setItem("awaited", awaited), awaited);
  await person.beside.getByRole("link", { name: room }).click();
  const figures = await page.waitForFunction(
    () => (sessionStorage.getItem("awaited") ? undefined : (window as { figures?: Figures }).figures?.switched),
    undefined,
    { polling: 100, timeout: 15_000 },
  );
  await alive(page);
  return { ...(await figures.jsonValue())! };
}

/** A page's own DevTools session; its times are of the main thread's CPU, which a busy machine disturbs least. */
async function devtools(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return session;
}

async function metrics(page: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await page.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Milliseconds that the main thread works while something is done, and for a while after. */
async function workDuring<T>(page: CDPSession, what: () => Promise<T>): Promise<[T, Sample & { work: number }]> {
  const before = await metrics(page);
  const [done] = await Promise.all([what(), setTimeout(400)]);
  const after = await metrics(page);
  const spent = (name: string) => (after[name]! - before[name]!) * 1_000;
  const layout = spent("LayoutDuration") + spent("RecalcStyleDuration");
  return [done, { work: spent("TaskDuration"), script: spent("ScriptDuration"), layout }];
}

/** What a page holds once all that is not needed is gone; megabytes. Playwright's part of the heap is counted too. */
async function held(page: Page, session: CDPSession): Promise<Sample> {
  await setTimeout(1_000);
  for (let times = 0; times < 3; times++) await session.send("HeapProfiler.collectGarbage");
  const { JSHeapUsedSize, Nodes, JSEventListeners } = await metrics(session);
  const wasm = await page.evaluate(() => (window as { figures?: Figures }).figures!.memory!.buffer.byteLength);
  return { heap: JSHeapUsedSize! / 1e6, wasm: wasm / 1e6, nodes: Nodes!, listeners: JSEventListeners! };
}

/** Opens a room in a browser that has never been here. */
async function firstVisit(
  build: Build,
  options: BrowserContextOptions,
  slowDown: (page: CDPSession) => Promise<void>,
): Promise<Sample> {
  const anna = await build.visitor("anna", options);
  const page = await devtools(anna.page);
  await page.send("Network.enable");
  await slowDown(page);
  const wire = await overTheWire(page);
  await anna.page.goto(anna.room(WARM[0]!), { waitUntil: "networkidle", timeout: 60_000 });
  await anna.page.waitForFunction(() => (window as { figures?: Figures }).figures?.interactive, undefined, {
    polling: 100,
    timeout: 60_000,
  });
  await setTimeout(700);
  const seen = await anna.page.evaluate(() => {
    const { figures, shifts } = window as unknown as { figures: Figures; shifts: { value: number }[] };
    return {
      paint: figures.paint!,
      interactive: figures.interactive!,
      shift: shifts.reduce((sum, { value }) => sum + value, 0),
    };
  });
  await build.leave();
  return { ...wire, ...seen };
}

const KINDS: Record<string, string> = {
  "text/html": "document",
  "text/css": "styles",
  "text/javascript": "scripts",
  "application/wasm": "wasm",
};

/** Bytes that arrive, heads included, compressed as they are: in all, and by what they are. */
async function overTheWire(page: CDPSession): Promise<Sample> {
  const bytes: Sample = { bytes: 0 };
  const kinds = new Map<string, string>();
  const count = (kind: string, length: number) => {
    bytes.bytes! += length;
    bytes[kind] = (bytes[kind] ?? 0) + length;
  };
  page.on("Network.responseReceived", ({ requestId, response }) =>
    kinds.set(requestId, KINDS[response.mimeType] ?? "others"),
  );
  page.on("Network.loadingFinished", ({ requestId, encodedDataLength }) =>
    count(kinds.get(requestId) ?? "others", encodedDataLength),
  );
  page.on("Network.webSocketHandshakeResponseReceived", ({ response }) =>
    count("socket", response.headersText?.length ?? 0),
  );
  page.on("Network.webSocketFrameReceived", ({ response }) => count("socket", response.payloadData.length));
  return bytes;
}
