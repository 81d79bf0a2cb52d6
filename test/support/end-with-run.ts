// A worker ends with the run, although the idle databases in it would keep it alive.
process.once('disconnect', () => process.exit())
