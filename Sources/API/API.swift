// API: what an object is. The kinds are declared as data (Kinds/, in the notation of Schema/Declaration.swift);
// everything that reads, defaults, validates, selects or patches an object works from those declarations, so a kind
// needs no code of its own unless something about it cannot be said as data.
//
//   Schema/     types and fields, decoding with defaults and pruning, validation
//   Kinds/      the declarations, one file per API group, and the few functions they name
//   Selectors/  label and field selectors
//   Patch/      JSON patch, merge patch, strategic merge patch
//   Apply/      server-side apply, and who owns which fields
//   StatusError, Quantity, Time, Object: the values that every part of Segler exchanges

public enum Kinds {}
