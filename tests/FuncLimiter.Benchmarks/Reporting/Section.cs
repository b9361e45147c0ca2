using FuncLimiter.Benchmarks.Measuring;

namespace FuncLimiter.Benchmarks.Reporting;

/// <summary>One measured quantity of one contender.</summary>
/// <param name="Name">What was measured, and its unit.</param>
/// <param name="Rounds">What each round gave.</param>
internal sealed record Figure(string Name, IReadOnlyList<double> Rounds)
{
    public Spread Spread { get; } = Spread.Of(Rounds);
}

/// <summary>One contender's figures; without any, the note says why.</summary>
internal sealed record Row(string Contender, IReadOnlyList<Figure> Figures, string Note = "");

/// <summary>A figure of one run, or the ratio of two of the same rounds, and what is aimed at.</summary>
/// <param name="What">What is compared.</param>
/// <param name="Value">The figure reached; null where a side of it could not be measured.</param>
/// <param name="Target">The bound.</param>
/// <param name="AtMost">True where the bound is a ceiling, false where it is a floor.</param>
internal sealed record Comparison(string What, double? Value, double Target, bool AtMost = false)
{
    /// <summary>Whether the bound is kept; null where it is not known.</summary>
    public bool? Holds => Value is not { } value ? null : AtMost ? value <= Target : value >= Target;
}

/// <summary>What one benchmark found.</summary>
/// <param name="Name">The section's name as given on the command line.</param>
/// <param name="Setting">What exactly was measured.</param>
/// <param name="Rows">A row per contender.</param>
/// <param name="Comparisons">What the figures were taken for.</param>
internal sealed record Section(string Name, string Setting, IReadOnlyList<Row> Rows, IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>A contender's median; null where it was not measured.</summary>
    public static double? Median(IReadOnlyList<Row> rows, string contender, string figure) => Find(rows, contender, figure)?.Spread.Median;

    /// <summary>
    /// One contender over another: the median of the rounds' own ratios, since what disturbs a round disturbs both. Null where one of them
    /// was not measured.
    /// </summary>
    public static double? Ratio(IReadOnlyList<Row> rows, string contender, string other, string figure) =>
        Find(rows, contender, figure) is { } over && Find(rows, other, figure) is { } under
            ? Spread.Of(over.Rounds.Zip(under.Rounds, (left, right) => left / right)).Median
            : null;

    private static Figure? Find(IReadOnlyList<Row> rows, string contender, string figure) => rows
        .FirstOrDefault(row => row.Contender == contender)?.Figures
        .FirstOrDefault(candidate => candidate.Name == figure);
}
