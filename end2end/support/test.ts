// What every test here starts from: a server of its own, and people with browsers that must not report errors.

import { setTimeout } from "node:timers/promises";
import { type BrowserContextOptions, test as base, expect } from "@playwright/test";
import { Person, type Room, watchPage } from "./person.ts";
import { Server } from "./server.ts";

export { expect };

interface Options {
  /** Errors in the browser's console that are part of what the tests do, such as a lost connection. */
  tolerated: RegExp[];
}

interface Fixtures {
  server: Server;
  /** Someone with a fresh browser, at no page yet and without a name. */
  person: (name: string, browser?: BrowserContextOptions) => Promise<Person>;
  /** Someone whose name is claimed already. */
  named: (name: string, browser?: BrowserContextOptions) => Promise<Person>;
  /** Two people who both see the room "general", which is alice's. */
  pair: { alice: Person; bob: Person; room: Room };
}

/** What a browser says by itself of every answer that is not a success. */
const REFUSALS = /Failed to load resource: the server responded with a status of 4\d\d/;
/** What it says when the server is not to be reached. */
export const LOST = /WebSocket connection to .* failed|Failed to fetch\s+at \S*__wasm_split|net::ERR_(INTERNET_DISCONNECTED|CONNECTION_|EMPTY_RESPONSE)/;

/** What a person's browser is on a phone. */
export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

export const test = base.extend<Fixtures & Options>({
  tolerated: [[], { option: true }],

  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.clear();
  },

  person: async ({ browser, server, tolerated }, use) => {
    const people: Person[] = [];
    const errors: string[] = [];
    const note = (name: string, text: string) => {
      if (![REFUSALS, ...tolerated].some((known) => known.test(text))) errors.push(`${name}: ${text}`);
    };
    await use(async (name, options) => {
      const context = await browser.newContext({ baseURL: server.url, ...options });
      await context.addInitScript(watchPage);
      context.on("weberror", (error) => note(name, `uncaught: ${error.error().stack ?? error.error()}`));
      context.on("console", (message) => {
        if (message.type() === "error") note(name, message.text());
      });
      const person = new Person(name, context, await context.newPage(), server.url);
      people.push(person);
      return person;
    });
    // Chromium now and then never says that it has closed pages that have just gone to another: it ends with
    // its worker.
    for (const { context } of people) await Promise.race([context.close(), setTimeout(5_000, null, { ref: false })]);
    expect(errors, "errors in a browser's console").toEqual([]);
  },

  named: async ({ person }, use) => {
    await use(async (name, options) => {
      const someone = await person(name, options);
      await someone.hasClaimed();
      return someone;
    });
  },

  pair: async ({ named }, use) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    const room = await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await bob.enter("general");
    await use({ alice, bob, room });
  },
});
