// Reads a feed with rss-parser and prints what it found as JSON.
import Parser from "rss-parser";

const parser = new Parser({ headers: { Accept: "*/*" } });
const feed = await parser.parseURL(process.argv[2]);
const entries = feed.items.map((item) => ({
  id: item.guid ?? item.id,
  title: item.title,
  date: item.isoDate,
  author: item.creator ?? item.author,
}));
console.log(JSON.stringify(entries));
