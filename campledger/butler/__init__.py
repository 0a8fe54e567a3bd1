"""DataId sets in a Butler registry: the one home of lsst.daf.butler, imported only where it is used."""
