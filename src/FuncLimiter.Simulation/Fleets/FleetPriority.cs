namespace FuncLimiter.Simulation.Fleets;

/// <summary>How urgent an agent's calls are; sent as <c>X-Priority</c> in lower case.</summary>
public enum FleetPriority
{
    /// <summary>A person is waiting.</summary>
    Interactive,

    /// <summary>The usual.</summary>
    Standard,

    /// <summary>May wait long.</summary>
    Background,
}
