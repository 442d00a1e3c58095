import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The page is served from the root of its own origin, in the window (garret://app/) as by the gateway.
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../src/garret/page/assets",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the content security policy allows fonts and scripts from files alone
    chunkSizeWarningLimit: 900, // Vega, which is fetched with the first chart
    modulePreload: { polyfill: false },
  },
  test: { environment: "node", css: { include: [/\?raw$/] }, setupFiles: ["tests/setup.ts"], include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true, testTimeout: 60_000 },
});
