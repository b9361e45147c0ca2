using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>Why a model stopped.</summary>
internal enum StopKind
{
    /// <summary>It was done.</summary>
    End,

    /// <summary>It came to one of the caller's stop texts.</summary>
    StopText,

    /// <summary>It came to the bound on output.</summary>
    Length,

    /// <summary>It wants tools called.</summary>
    ToolCalls,

    /// <summary>It, or a filter, declined.</summary>
    Refusal,
}

/// <summary>A model's whole answer.</summary>
/// <param name="Id">The provider's name for it; null where it gave none.</param>
/// <param name="Model">The model that says it answered; null where it did not say.</param>
/// <param name="Parts">Text and tool calls, in order.</param>
/// <param name="Stop">Why it ended.</param>
/// <param name="StopText">The stop text it came to, where the provider tells which.</param>
/// <param name="Usage">The tokens used; null where it did not say.</param>
internal sealed record Reply(string? Id, string? Model, IReadOnlyList<Part> Parts, StopKind Stop, string? StopText, TokenUsage? Usage)
{
    /// <summary>All text, one piece after the other; null where there is none.</summary>
    public string? Text
    {
        get
        {
            var texts = Parts.OfType<TextPart>().Select(part => part.Text).ToArray();
            return texts.Length == 0 ? null : string.Concat(texts);
        }
    }

    /// <summary>The tool calls.</summary>
    public IEnumerable<ToolCallPart> Calls => Parts.OfType<ToolCallPart>();
}
