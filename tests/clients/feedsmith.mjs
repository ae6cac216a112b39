// Reads a feed with feedsmith and prints what it found as JSON.
import { parseFeed } from "feedsmith";

const answer = await fetch(process.argv[2]);
if (!answer.ok) throw new Error(`${answer.status}`);
const { format, feed } = parseFeed(await answer.text());
const readers = {
  atom: () =>
    feed.entries.map((entry) => ({
      id: entry.id,
      title: entry.title?.value ?? entry.title,
      date: entry.updated,
      author: entry.authors[0].name,
    })),
  rss: () =>
    feed.items.map((item) => ({
      id: item.guid.value,
      title: item.title?.value ?? item.title,
      date: item.pubDate,
      author: item.dc.creators?.[0] ?? item.dc.creator,
    })),
  json: () =>
    feed.items.map((item) => ({
      id: item.id,
      title: item.title,
      date: item.date_published,
      author: item.authors[0].name,
    })),
};
console.log(JSON.stringify(readers[format]()));
