namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>A place in a prompt up to which a cache could know it.</summary>
/// <param name="Hash">The hash of everything before it.</param>
/// <param name="Characters">How many characters stand before it.</param>
/// <param name="Breakpoint">Whether the caller asked for the cache to be written here.</param>
internal readonly record struct PrefixMark(ulong Hash, long Characters, bool Breakpoint);
