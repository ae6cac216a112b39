// Asks a site everything that npm's statuspage.io knows to ask, and prints the answers as JSON.
// node statuspage-io.cjs ADDRESS
const { Statuspage } = require("statuspage.io");

async function main(address) {
  const client = new Statuspage("anything");
  client.setApiUrl(address);
  const { api } = client;
  console.log(
    JSON.stringify({
      status: await api.getStatus(),
      summary: await api.getSummary(),
      components: await api.getComponents(),
      incidents: await api.incidents.getAll(),
      unresolved: await api.incidents.getUnresolved(),
      maintenances: await api.scheduledMaintenances.getAll(),
      upcoming: await api.scheduledMaintenances.getUpcoming(),
      active: await api.scheduledMaintenances.getActive(),
    }),
  );
}

main(process.argv[2]).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
