namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>Whether tools are to be called.</summary>
internal enum ToolMode
{
    Auto,
    None,

    /// <summary>At least one, whichever.</summary>
    Any,

    /// <summary>The one that is named.</summary>
    Named,
}

/// <summary>Whether tools are to be called, and which.</summary>
internal sealed record ToolChoice(ToolMode Mode, string? Name = null);
