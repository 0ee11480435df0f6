// The measurements in a browser run as the end-to-end tests do, but one after the other.

import tests from "../../end2end/playwright.config.ts";

export default {
  ...tests,
  testDir: import.meta.dirname,
  testMatch: "pages.mts",
  outputDir: "../../target/bench/browser",
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 8 * 60_000,
  globalTimeout: 40 * 60_000,
};
