import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// An installed Chromium comes before Playwright's own, which has to be downloaded.
const installed = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

export default defineConfig({
  testDir: "tests",
  // Pictures are taken on request: `npm run screenshots`.
  testIgnore: process.env.SCREENSHOTS ? [] : "screenshots.spec.ts",
  reporter: "list",
  workers: 2,
  fullyParallel: true,
  // One that passes only then is reported as flaky.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  globalTimeout: 20 * 60_000,
  forbidOnly: true,
  expect: { timeout: 7_000 },
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    actionTimeout: 7_000,
    navigationTimeout: 15_000,
    launchOptions: {
      executablePath: installed,
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
