config.doBrighterFatter = False
