// The builds that are measured: this one and, where another is named, that one in turn. Each has a server of its own
// with the same people, rooms and messages, made over HTTP, so that builds with other databases can be compared.

import type { Browser, BrowserContext, BrowserContextOptions } from "../../end2end/node_modules/@playwright/test";
import { Person, type Room, watchPage } from "../../end2end/support/person.ts";
import { Server } from "../../end2end/support/server.ts";
import { test as base } from "../../end2end/support/test.ts";
import { watchFigures } from "./watch.mts";

/** How often what varies is measured. */
export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 25);
/** Messages of a room that is full: as many as a page holds at most. */
export const FULL = 300;
/** Messages of a room that a page shows when it is opened. */
export const FIRST = 50;
/** Rooms that are gone to, one after the other, while documents and sockets are counted. */
export const MOVES = 5;
/** Rooms that are gone through to see what that leaves behind. */
export const MANY = 20;

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name} ${String(n + 1).padStart(2, "0")}`);

/** Anna's rooms: some that she goes back and forth between, one that Bob speaks in, and some to see for the first time. */
export const WARM = numbered("warm", 2);
export const SPOKEN = "spoken";
export const COLD = numbered("cold", Math.max(ROUNDS, MOVES));
/** Mira's, each with more behind what is shown from the beginning on. */
export const MIRAS = numbered("room", MANY);

/** What the n-th message of a room says. */
export const text = (room: string, n: number) =>
  `Message ${n} of ${room}: the quick brown fox jumps over the lazy dog, and the dog does not mind.`;
const texts = (room: string, count: number) => Array.from({ length: count }, (_, n) => text(room, n + 1));

type Name = "anna" | "bob" | "mira";

export class Build {
  readonly rooms = new Map<string, Room>();
  private readonly people = new Map<Name, Awaited<ReturnType<BrowserContext["cookies"]>>>();
  private readonly visits: BrowserContext[] = [];

  private constructor(
    readonly name: string,
    readonly server: Server,
    private readonly browser: Browser,
  ) {}

  /** Starts a build's server and fills it. */
  static async furnish(name: string, program: string | undefined, browser: Browser): Promise<Build> {
    const build = new Build(name, await Server.start(program), browser);
    const [anna, bob, mira] = [await build.visitor("anna"), await build.visitor("bob"), await build.visitor("mira")];
    for (const person of [anna, bob, mira]) await person.hasClaimed();
    const fill = async (room: string, guests: Person[], messages: number) => {
      const made = await bob.hasCreated(room);
      build.rooms.set(room, made);
      for (const guest of guests) await guest.hasJoined(room);
      await bob.hasSaid(made, ...texts(room, messages));
    };
    for (const room of COLD) await fill(room, [anna], FIRST);
    for (const room of [...WARM, SPOKEN]) await fill(room, [anna], FULL);
    for (const room of MIRAS) await fill(room, [mira], 2 * FIRST);
    for (const { name, context } of [anna, bob, mira]) build.people.set(name as Name, await context.cookies());
    await build.leave();
    return build;
  }

  /** Someone with a fresh browser: their cookie is all that it holds. */
  async visitor(name: Name, options: BrowserContextOptions = {}): Promise<Person> {
    const { locale, timezoneId } = { locale: "en-GB", timezoneId: "Europe/Berlin" };
    const viewport = { width: 1280, height: 800 };
    const context = await this.browser.newContext({ baseURL: this.server.url, locale, timezoneId, viewport, ...options });
    this.visits.push(context);
    await context.addCookies(this.people.get(name) ?? []);
    await context.addInitScript(watchPage);
    await context.addInitScript(watchFigures);
    return new Person(name, context, await context.newPage(), this.server.url);
  }

  /** Ends all visits. */
  async leave(): Promise<void> {
    for (const context of this.visits.splice(0)) await context.close();
  }
}

export const test = base.extend<object, { builds: Build[] }>({
  builds: [
    async ({ browser }, use) => {
      const builds = [await Build.furnish("Latchkey", undefined, browser)];
      const before = process.env.BENCH_AGAINST;
      if (before) builds.push(await Build.furnish("before", before, browser));
      await use(builds);
      for (const { server } of builds) await server.clear();
    },
    { scope: "worker", timeout: 5 * 60_000 },
  ],
});
