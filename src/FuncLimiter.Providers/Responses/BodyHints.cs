namespace FuncLimiter.Providers.Responses;

/// <summary>Numbers that a provider wrote into the text of an error. Null where the text is silent.</summary>
/// <param name="Limit">Units per window.</param>
/// <param name="Used">Units taken when the request came.</param>
/// <param name="Requested">Units that the request would have taken.</param>
/// <param name="Window"><c>second</c>, <c>minute</c>, <c>hour</c>, <c>day</c> or <c>month</c>.</param>
/// <param name="Dimension">The limit's name as in <see cref="ResponseReading.Limits"/>, for example <c>tokens</c>.</param>
/// <param name="NextLimit">Units per window that the limit grows to next, where it is one on growth.</param>
public sealed record BodyHints(
    double? Limit = null, double? Used = null, double? Requested = null, string? Window = null, string? Dimension = null, double? NextLimit = null);
