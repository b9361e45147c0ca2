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
public static class ChargeRules
{
    /// <summary>Whether a rule's correction belongs to the time at which the call was over; else it belongs to the time at which it left.</summary>
    internal static bool IsSettledAtEnd(this ChargeRule rule) =>
        rule is ChargeRule.PromptThenOutput or ChargeRule.MaxOutputSettled or ChargeRule.Output;

    /// <summary>What is taken when a call arrives, in tokens.</summary>
    internal static void AtStart(double documented, in CallSize size, out RuleAmounts amounts)
    {
        amounts = default;
        double prompt = size.Prompt, uncached = size.Prompt - size.Cached, output = size.Output, most = size.MaxOutput;
        amounts[(int)ChargeRule.Documented] = documented;
        amounts[(int)ChargeRule.Prompt] = prompt;
        amounts[(int)ChargeRule.PromptThenOutput] = prompt;
        amounts[(int)ChargeRule.PromptAndMaxOutput] = prompt + most;
        amounts[(int)ChargeRule.MaxOutputSettled] = prompt + most;
        amounts[(int)ChargeRule.LargerOfPromptAndMaxOutput] = Math.Max(prompt, most);
        amounts[(int)ChargeRule.PromptAndOutput] = prompt + output;
        amounts[(int)ChargeRule.UncachedPrompt] = uncached;
        amounts[(int)ChargeRule.UncachedPromptAndMaxOutput] = uncached + most;
        amounts[(int)ChargeRule.UncachedPromptAndOutput] = uncached + output;
        amounts[(int)ChargeRule.MaxOutput] = most;
    }

    /// <summary>Whether the output that a call will have is charged when it arrives: till it is over nobody else can tell.</summary>
    internal static bool ForeseesOutput(this ChargeRule rule) => rule is ChargeRule.PromptAndOutput or ChargeRule.UncachedPromptAndOutput;

    /// <summary>Whether a cached part of the prompt is left out: till a call is over nobody else can tell.</summary>
    internal static bool LeavesOutCached(this ChargeRule rule) =>
        rule is ChargeRule.UncachedPrompt or ChargeRule.UncachedPromptAndMaxOutput or ChargeRule.UncachedPromptAndOutput;

    /// <summary>What is certain to be taken when a call arrives, in tokens.</summary>
    internal static void Certain(double documented, in CallSize size, out RuleAmounts amounts)
    {
        AtStart(documented, size, out amounts);
        amounts[(int)ChargeRule.PromptAndOutput] = size.Prompt;
        amounts[(int)ChargeRule.UncachedPrompt] = 0;
        amounts[(int)ChargeRule.UncachedPromptAndMaxOutput] = size.MaxOutput;
        amounts[(int)ChargeRule.UncachedPromptAndOutput] = 0;
    }

    /// <summary>What is held for a call from its start on, in tokens: as much as it may come to.</summary>
    internal static void Held(double documented, in CallSize size, out RuleAmounts amounts)
    {
        AtStart(documented, size, out amounts);
        amounts[(int)ChargeRule.PromptThenOutput] = size.Prompt + size.Output;
        amounts[(int)ChargeRule.Output] = size.Output;
    }

    /// <summary>What stands once a call is over, in tokens. Where its use is not known, what was foreseen.</summary>
    internal static void AtEnd(double documented, in CallSize size, in TokenUsage? usage, out RuleAmounts amounts)
    {
        var used = usage is { } known ? new(known.InputTokens, known.CacheReadTokens, known.OutputTokens, size.MaxOutput) : size;
        AtStart(documented, used, out amounts);
        amounts[(int)ChargeRule.PromptThenOutput] = used.Prompt + used.Output;
        amounts[(int)ChargeRule.MaxOutputSettled] = used.Prompt + used.Output;
        amounts[(int)ChargeRule.Output] = used.Output;
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

/// <summary>What a call comes to, in tokens, by each <see cref="ChargeRule"/> in the order of their numbers.</summary>
[System.Runtime.CompilerServices.InlineArray(12)]
internal struct RuleAmounts
{
    private double first;
}
