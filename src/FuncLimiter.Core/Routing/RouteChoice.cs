namespace FuncLimiter.Core.Routing;

/// <summary>Why a call went where it went.</summary>
public enum RouteChoice
{
    /// <summary>Of the targets with room the one with the most headroom; the usual.</summary>
    Headroom,

    /// <summary>The target that has the beginning of the prompt in its cache.</summary>
    Affinity,

    /// <summary>No target had room, the first fallback that did.</summary>
    Fallback,

    /// <summary>A smaller model, for work that may go there.</summary>
    Diverted,
}
