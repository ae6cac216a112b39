module.exports = { content: { systems: ["kiln", "shop"] } };
