import { defineConfig } from "@playwright/test";
import { target } from "./stories/target";

/** One stage for all stories: they are told one after the other. None is told twice, as one that needs it has a fault. */
export default defineConfig({
  testDir: "stories",
  globalSetup: "./stories/setting.ts",
  outputDir: `${target}/stories`,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: "line",
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Kyiv",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    },
  },
});
