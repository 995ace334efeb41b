"""The local AWS of codetrain's demo and tests: moto, with what it lacks on top."""

VERSION = "0.1.0"
