// Reads a calendar with node-ical and prints, as JSON, every event with its instants in UTC.
// node node-ical.cjs FILE FROM TO
const fs = require("node:fs");
const ical = require("node-ical");

const [file, from, to] = process.argv.slice(2);
const events = {};
for (const event of Object.values(ical.sync.parseICS(fs.readFileSync(file, "utf8")))) {
  if (event.type !== "VEVENT") continue;
  events[event.uid] = {
    start: event.start.toISOString(),
    end: event.rrule ? null : event.end.toISOString(),
    dtstamp: event.dtstamp.toISOString(),
    modified: event.lastmodified.toISOString(),
    sequence: Number(event.sequence),
    status: event.status,
    summary: event.summary,
    description: event.description,
    alarms: (event.alarms || []).map((alarm) => alarm.trigger),
    occurrences: event.rrule
      ? event.rrule.between(new Date(from), new Date(to), true).map((at) => at.toISOString())
      : [],
  };
}
console.log(JSON.stringify(events));
