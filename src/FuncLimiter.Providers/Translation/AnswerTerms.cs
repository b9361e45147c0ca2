namespace FuncLimiter.Providers.Translation;

/// <summary>What an answer names where the provider did not.</summary>
/// <param name="Id">A name for the answer that no other has: letters, digits, <c>-</c> and <c>_</c>.</param>
/// <param name="Model">The model that was asked.</param>
/// <param name="Created">The time of the answer.</param>
/// <param name="StreamUsage">Whether the caller of a stream wants to be told the usage.</param>
public sealed record AnswerTerms(string Id, string Model, DateTimeOffset Created, bool StreamUsage);
