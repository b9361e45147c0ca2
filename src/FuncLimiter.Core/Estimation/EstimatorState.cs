namespace FuncLimiter.Core.Estimation;

/// <summary>Everything an estimator has learned, to be stored and taken up again.</summary>
/// <param name="Profiles">What is known of each key, the least recently used first.</param>
public sealed record EstimatorState(IReadOnlyList<ProfileState> Profiles);

/// <summary>What is known of one key.</summary>
/// <param name="Model">The model.</param>
/// <param name="Workflow">The workflow, or null for the whole model.</param>
/// <param name="Step">The step, or null for the whole workflow.</param>
/// <param name="Tenant">The tenant, or null for all of them.</param>
/// <param name="Input">How input follows from size, by the kind of text; null for kinds not seen.</param>
/// <param name="Output">Output tokens per call.</param>
/// <param name="Cached">Cached input per input, in hundredths.</param>
/// <param name="Image">Tokens per image; null where no call had any.</param>
public sealed record ProfileState(
    string Model, string? Workflow, string? Step, string? Tenant, IReadOnlyList<IReadOnlyList<double>?> Input, HistogramState Output, HistogramState Cached, HistogramState? Image);

/// <summary>The buckets of a histogram that are not empty.</summary>
/// <param name="Buckets">Their numbers, ascending.</param>
/// <param name="Weights">Their weights, where the newest value weighs one.</param>
public sealed record HistogramState(IReadOnlyList<int> Buckets, IReadOnlyList<double> Weights);
