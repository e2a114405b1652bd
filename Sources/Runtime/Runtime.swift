// Placeholder until the module's entry file is written.
