namespace FuncLimiter.Core.Routing;

/// <summary>Whether a call may be served by the smaller models that its route names for simple work.</summary>
public enum Diversion
{
    /// <summary>It may not; its host closes those places to it.</summary>
    Never,

    /// <summary>While the route's targets are under pressure, and where nothing else has room.</summary>
    UnderPressure,

    /// <summary>Before anything else: simple work belongs there.</summary>
    Always,
}
