using System.Text.Json.Nodes;

namespace FuncLimiter.Client;

/// <summary>A run that is asked about before it begins.</summary>
/// <param name="Steps">What it does, one step after the other.</param>
public sealed record PreflightRequest(IReadOnlyList<PreflightStep> Steps)
{
    /// <summary>In how many seconds it must be over; null for whenever.</summary>
    public double? DeadlineSeconds { get; init; }

    /// <summary>
    /// Whether the run that <see cref="CallTags.Run"/> names may spend no more than is foreseen at most, from now on. Needs a budget for runs
    /// in the server's configuration.
    /// </summary>
    public bool Hold { get; init; }
}

/// <summary>A step of a run: calls of one kind.</summary>
/// <param name="Model">What is asked for: the name of a route.</param>
public sealed record PreflightStep(string Model)
{
    /// <summary>Its name, as in <see cref="CallTags"/>.</summary>
    public string? Step { get; init; }

    /// <summary>How many calls.</summary>
    public int Calls { get; init; } = 1;

    /// <summary>How many of them at once.</summary>
    public int AtOnce { get; init; } = 1;

    /// <summary>Input tokens of a call; null where <see cref="Request"/> is given.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Output tokens of a call, on average; null for what such calls used.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The bound on output tokens that calls will state; null for <see cref="OutputTokens"/>.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>The body of a call like them, to estimate its tokens from.</summary>
    public JsonNode? Request { get; init; }
}

/// <summary>What a run is foreseen to come to.</summary>
/// <param name="Confidence">How often the truth lies within each range, 0 to 1.</param>
/// <param name="Seconds">Until it is over.</param>
/// <param name="FinishesBy">The end of that range.</param>
/// <param name="Tokens">Of all its calls.</param>
/// <param name="CostUsd">What they cost in US dollars; null where a price is not known.</param>
public sealed record Preflight(double Confidence, PreflightRange Seconds, DateTimeOffset FinishesBy, PreflightRange Tokens, PreflightRange? CostUsd)
{
    /// <summary>How likely it is over by its deadline, 0 to 1; null where none was given.</summary>
    public double? ChanceOfDeadline { get; init; }

    /// <summary>The limit for which it waits the longest; null where it waits for answers only.</summary>
    public PreflightLimit? Binding { get; init; }

    /// <summary>What the run may spend from now on; null where that was not asked for.</summary>
    public PreflightHold? Held { get; init; }
}

/// <summary>What a run is held to.</summary>
/// <param name="Budget">Its budget, for example <c>run:acme/nightly-17</c>.</param>
/// <param name="Limit">How much it may spend, for people.</param>
public sealed record PreflightHold(string Budget, string Limit);

/// <summary>A figure that is foreseen.</summary>
/// <param name="Low">The lower bound.</param>
/// <param name="Likely">As often more as less.</param>
/// <param name="High">The upper bound.</param>
public sealed record PreflightRange(double Low, double Likely, double High);

/// <summary>A limit that a run waits for.</summary>
/// <param name="Budget">Its budget, for example <c>deployment:openai-east/gpt-x</c>.</param>
/// <param name="Dimension">What it counts.</param>
/// <param name="WindowSeconds">In what time, in seconds; 0 for calls at once.</param>
/// <param name="Limit">How much.</param>
/// <param name="Use">The part of it that is taken, 0 or more.</param>
public sealed record PreflightLimit(string Budget, string Dimension, double WindowSeconds, double Limit, double Use);
