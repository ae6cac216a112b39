// Judges pages with Lighthouse in one browser: node lighthouse.mjs CHROMIUM URL ...
// Prints {url: {scores: {category: 0..100}, failed: ["audit: why"]}} as JSON.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [chromePath, ...urls] = process.argv.slice(2);
const categories = ["accessibility", "best-practices", "seo"];
const chrome = await launch({
  chromePath,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"],
});
const found = {};
try {
  for (const url of urls) {
    const { lhr } = await lighthouse(url, {
      port: chrome.port,
      onlyCategories: categories,
      // Nothing is measured in seconds here, and our pages load nothing late.
      disableFullPageScreenshot: true,
      pauseAfterFcpMs: 0,
      pauseAfterLoadMs: 250,
      networkQuietThresholdMs: 250,
      cpuQuietThresholdMs: 250,
      logLevel: "silent",
    });
    const scores = {};
    const failed = [];
    if (lhr.runtimeError) failed.push(lhr.runtimeError.message);
    for (const category of categories) {
      scores[category] = Math.round((lhr.categories[category].score ?? 0) * 100);
      for (const { id, weight } of lhr.categories[category].auditRefs) {
        const { score, title, explanation, errorMessage, details } = lhr.audits[id];
        if (weight > 0 && score !== null && score < 1) {
          const items = JSON.stringify(details?.items ?? []).slice(0, 400);
          failed.push(`${id}: ${title}: ${explanation ?? errorMessage ?? items}`);
        }
      }
    }
    found[url] = { scores, failed };
  }
} finally {
  await chrome.kill();
}
console.log(JSON.stringify(found));
