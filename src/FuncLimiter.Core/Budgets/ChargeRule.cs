namespace FuncLimiter.Core.Budgets;

/// <summary>A rule by which providers charge tokens. What is kept stands as it was taken; what is settled is replaced by what was used.</summary>
public enum ChargeRule
{
    /// <summary>As the provider's pages say.</summary>
    Documented,

    /// <summary>The prompt alone.</summary>
    Prompt,

    /// <summary>The prompt and all output that the call allows, kept.</summary>
    PromptAndMaxOutput,

    /// <summary>The larger of the prompt and of all output that the call allows, kept.</summary>
    LargerOfPromptAndMaxOutput,

    /// <summary>The prompt and the output used, all when the call arrives.</summary>
    PromptAndOutput,

    /// <summary>The prompt when the call arrives, the output once it is over.</summary>
    PromptThenOutput,

    /// <summary>The prompt and all output that the call allows, less what was not used once it is over.</summary>
    MaxOutputSettled,

    /// <summary>The prompt without what is read from a cache.</summary>
    UncachedPrompt,

    /// <summary>The prompt without what is read from a cache, and all output that the call allows, kept.</summary>
    UncachedPromptAndMaxOutput,

    /// <summary>The prompt without what is read from a cache, and the output used.</summary>
    UncachedPromptAndOutput,

    /// <summary>The output used, once the call is over.</summary>
    Output,

    /// <summary>All output that the call allows, kept.</summary>
    MaxOutput,
}

/// <summary>What the tokens of a call are made of: every known rule makes its charge from these.</summary>
/// <param name="Prompt">Input tokens foreseen, cached ones included.</param>
/// <param name="Cached">The part of the prompt expected to be read from a cache.</param>
/// <param name="Output">Output tokens foreseen.</param>
/// <param name="MaxOutput">Output tokens that the call allows, all choices together; what is foreseen where it sets no bound.</param>
public readonly record struct CallSize(long Prompt, long Cached, long Output, long MaxOutput);

/// <summary>The arithmetic of the rules.</summary>
internal static class ChargeRules
{
    /// <summary>Whether a rule's correction belongs to the time at which the call was over; else it belongs to the time at which it left.</summary>
    public static bool IsSettledAtEnd(this ChargeRule rule) =>
        rule is ChargeRule.PromptThenOutput or ChargeRule.MaxOutputSettled or ChargeRule.Output;

    /// <summary>What is taken when a call arrives, in tokens.</summary>
    public static double AtStart(this ChargeRule rule, double documented, in CallSize size) => rule switch
    {
        ChargeRule.Documented => documented,
        ChargeRule.Prompt or ChargeRule.PromptThenOutput => size.Prompt,
        ChargeRule.PromptAndMaxOutput or ChargeRule.MaxOutputSettled => size.Prompt + size.MaxOutput,
        ChargeRule.LargerOfPromptAndMaxOutput => Math.Max(size.Prompt, size.MaxOutput),
        ChargeRule.PromptAndOutput => size.Prompt + size.Output,
        ChargeRule.UncachedPrompt => size.Prompt - size.Cached,
        ChargeRule.UncachedPromptAndMaxOutput => size.Prompt - size.Cached + size.MaxOutput,
        ChargeRule.UncachedPromptAndOutput => size.Prompt - size.Cached + size.Output,
        ChargeRule.MaxOutput => size.MaxOutput,
        _ => 0,
    };

    /// <summary>Whether the output that a call will have is charged when it arrives: till it is over nobody else can tell.</summary>
    public static bool ForeseesOutput(this ChargeRule rule) => rule is ChargeRule.PromptAndOutput or ChargeRule.UncachedPromptAndOutput;

    /// <summary>Whether a cached part of the prompt is left out: till a call is over nobody else can tell.</summary>
    public static bool LeavesOutCached(this ChargeRule rule) =>
        rule is ChargeRule.UncachedPrompt or ChargeRule.UncachedPromptAndMaxOutput or ChargeRule.UncachedPromptAndOutput;

    /// <summary>What is certain to be taken when a call arrives, in tokens.</summary>
    public static double Certain(this ChargeRule rule, double documented, in CallSize size) => rule switch
    {
        ChargeRule.PromptAndOutput => size.Prompt,
        ChargeRule.UncachedPrompt or ChargeRule.UncachedPromptAndOutput => 0,
        ChargeRule.UncachedPromptAndMaxOutput => size.MaxOutput,
        _ => rule.AtStart(documented, size),
    };

    /// <summary>What is held for a call from its start on, in tokens: as much as it may come to.</summary>
    public static double Held(this ChargeRule rule, double documented, in CallSize size) => rule switch
    {
        ChargeRule.PromptThenOutput => size.Prompt + size.Output,
        ChargeRule.Output => size.Output,
        _ => rule.AtStart(documented, size),
    };

    /// <summary>What stands once a call is over, in tokens. Where its use is not known, what was foreseen.</summary>
    public static double AtEnd(this ChargeRule rule, double documented, in CallSize size, TokenUsage? usage)
    {
        var (prompt, cached, output) = usage is { } used
            ? (used.InputTokens, used.CacheReadTokens, used.OutputTokens)
            : (size.Prompt, size.Cached, size.Output);
        return rule switch
        {
            ChargeRule.PromptAndOutput or ChargeRule.PromptThenOutput or ChargeRule.MaxOutputSettled => prompt + output,
            ChargeRule.UncachedPromptAndOutput => prompt - cached + output,
            ChargeRule.Output => output,
            _ => rule.AtStart(documented, new(prompt, cached, output, size.MaxOutput)),
        };
    }

    /// <summary>The rules that may explain what a provider reports of a limit.</summary>
    public static ChargeRule[] Of(Dimension dimension) => dimension switch
    {
        Dimension.Tokens =>
        [
            ChargeRule.Documented, ChargeRule.Prompt, ChargeRule.PromptAndMaxOutput, ChargeRule.LargerOfPromptAndMaxOutput, ChargeRule.PromptAndOutput,
            ChargeRule.PromptThenOutput, ChargeRule.MaxOutputSettled, ChargeRule.UncachedPrompt, ChargeRule.UncachedPromptAndMaxOutput,
            ChargeRule.UncachedPromptAndOutput,
        ],
        Dimension.InputTokens => [ChargeRule.Documented, ChargeRule.Prompt, ChargeRule.UncachedPrompt, ChargeRule.PromptAndMaxOutput],
        Dimension.OutputTokens => [ChargeRule.Documented, ChargeRule.Output, ChargeRule.MaxOutput],
        _ => [],
    };
}
