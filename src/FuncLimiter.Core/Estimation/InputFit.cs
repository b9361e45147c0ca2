using System.Runtime.CompilerServices;

namespace FuncLimiter.Core.Estimation;

/// <summary>
/// How input tokens follow from a prompt's size, for one kind of text: so many for the request, so many for each token of a count of its
/// words. Calls are kept apart by size, in bands of a factor of four, each with a mean that forgets by its own calls alone; lines are laid
/// through the bands, each weighing by how far its mean can be trusted. So many small calls say what a request costs, for every kind of text,
/// and nothing of large ones.
/// </summary>
/// <remarks>
/// Worked: 60 prompts of one letter took 8 tokens each. One band knows (1, 8), so what the request costs is some 7, and the slope stays
/// what it was before. One prompt counted as 7,000 that took 7,700 then sets the slope to some 1.1.
/// </remarks>
internal sealed class InputFit(int halfLife)
{
    internal const int Bands = 10;

    /// <summary>How far two texts of one kind and size differ, as a share: what a single call says of others.</summary>
    private const double Spread = 0.1;

    /// <summary>How far the mean of a size may lie from a straight line, as a share.</summary>
    private const double Bend = 0.03;

    /// <summary>How much more for each band, squared, that lies between the size and the one that is asked for.</summary>
    private const double BendByDistance = 0.02;

    /// <summary>How far the slope of a narrower key may lie from that of a wider one, as a share.</summary>
    private const double SlopeDoubt = 0.25;

    /// <summary>How far what a request costs may lie from what a wider key knows: in tokens, and as a share.</summary>
    private const double RequestDoubt = 4;
    private const double RequestDoubtByTokens = 0.5;

    /// <summary>The share of error that is taken for granted while few calls were seen, and after how many it is no more.</summary>
    private const double UsualError = 0.025;
    private const double UsualErrorCalls = 4;

    private const double MostMargin = 0.025;

    private readonly Band[] _bands = new Band[Bands];
    private readonly double _keep = Math.Pow(2, -1.0 / halfLife);

    /// <summary>How many calls were learned from, ever.</summary>
    internal double Calls { get; private set; }

    /// <summary>
    /// The lines about a size as they are with a key's own calls, beginning from what a wider key knows. What a request costs does not depend
    /// on the kind of its text, so all kinds tell of it, most of all by their small calls; each has its own slope.
    /// </summary>
    /// <param name="fits">What the key knows of each kind; null for kinds not seen.</param>
    /// <param name="wider">What the wider key knows.</param>
    /// <param name="kind">The kind that is asked for.</param>
    /// <param name="about">The size that is asked for.</param>
    internal static Lines Refine(ReadOnlySpan<InputFit?> fits, in Lines wider, ContentKind kind, double about)
    {
        // Least squares with the wider lines as one more observation of each number. Each kind's slope is eliminated first.
        var start = wider.PerRequest + Surplus(fits, wider);
        var doubt = RequestDoubt + (RequestDoubtByTokens * start);
        var (weight, tokens) = (1 / (doubt * doubt), start / (doubt * doubt));
        Span<Moments> moments = stackalloc Moments[Lines.Kinds];
        for (var i = 0; i < fits.Length; i++)
        {
            moments[i] = fits[i]?.About(i == (int)kind ? about : 0, wider.PerToken[i]) ?? default;
            if (moments[i] is { Weight: > 0 } seen)
            {
                weight += seen.Weight - (seen.Size * seen.Size / seen.Sizes);
                tokens += seen.Tokens - (seen.Size * seen.Product / seen.Sizes);
            }
        }

        var refined = wider with { PerRequest = Math.Max(0, tokens / weight) };
        for (var i = 0; i < fits.Length; i++)
        {
            if (moments[i] is { Weight: > 0 } seen)
            {
                refined.PerToken[i] = Math.Clamp((seen.Product - (refined.PerRequest * seen.Size)) / seen.Sizes, Lines.LeastPerToken, Lines.MostPerToken);
            }
        }

        return refined;
    }

    // The sums of least squares, with the wider slope as one more observation.
    private Moments About(double about, double slope)
    {
        var doubt = SlopeDoubt * slope;
        var sums = new Moments { Sizes = 1 / (doubt * doubt), Product = slope / (doubt * doubt) };
        var here = BandOf(about);
        for (var i = 0; i < Bands; i++)
        {
            ref readonly var band = ref _bands[i];
            if (band.Weight <= 0)
            {
                continue;
            }

            var (x, y) = (band.Size / band.Weight, band.Tokens / band.Weight);
            var (own, bend) = (1 + (Spread * x * slope), (Bend + (BendByDistance * (i - here) * (i - here))) * x * slope);
            var trust = 1 / ((own * own / band.Weight) + (bend * bend));
            sums.Weight += trust;
            sums.Size += trust * x;
            sums.Sizes += trust * x * x;
            sums.Tokens += trust * y;
            sums.Product += trust * x * y;
        }

        return sums;
    }

    // What calls of every size took beyond what any credible slope explains: the request's own, for example instructions that are stored elsewhere.
    private static double Surplus(ReadOnlySpan<InputFit?> fits, in Lines wider)
    {
        var least = double.PositiveInfinity;
        for (var i = 0; i < fits.Length; i++)
        {
            foreach (ref readonly var band in (fits[i]?._bands).AsSpan())
            {
                least = band.Weight > 0
                    ? Math.Min(least, (band.Tokens - ((1 + (2 * SlopeDoubt)) * wider.PerToken[i] * band.Size)) / band.Weight)
                    : least;
            }
        }

        return double.IsFinite(least) ? Math.Max(0, least - wider.PerRequest) : 0;
    }

    /// <summary>What is added to the line so that few calls take more: what they came to above it of late, as a share.</summary>
    internal double Margin(double size)
    {
        var (excess, weight) = (0.0, 0.0);
        var here = BandOf(size);
        for (var i = Math.Max(0, here - 1); i <= Math.Min(Bands - 1, here + 1); i++)
        {
            (excess, weight) = (excess + _bands[i].Excess, weight + _bands[i].Weight);
        }

        var usual = (excess + (UsualErrorCalls * UsualError * UsualError)) / (weight + UsualErrorCalls);
        ref readonly var band = ref _bands[here];
        return Math.Min(MostMargin, Math.Sqrt((band.Excess + (UsualErrorCalls * usual)) / (band.Weight + UsualErrorCalls)));
    }

    /// <summary>Learns from a call.</summary>
    /// <param name="size">The prompt's count of tokens.</param>
    /// <param name="tokens">What it took.</param>
    /// <param name="foreseen">What the line said.</param>
    internal void Learn(double size, double tokens, double foreseen)
    {
        ref var band = ref _bands[BandOf(size)];
        var error = (tokens - foreseen) / (foreseen + 4);

        // What is far from everything seen counts less, so that a few odd calls don't bend the line.
        var weight = Calls < 4 ? 1 : Math.Min(1, 0.3 / Math.Abs(error));
        band.Weight = (band.Weight * _keep) + weight;
        band.Size = (band.Size * _keep) + (weight * size);
        band.Tokens = (band.Tokens * _keep) + (weight * tokens);
        band.Excess = (band.Excess * _keep) + (error > 0 ? weight * Math.Min(error * error, 0.09) : 0);
        Calls = Math.Min(Calls + 1, 1e9);
    }

    /// <summary>All that it knows, as numbers.</summary>
    internal double[] Export() =>
        [Calls, .. _bands.SelectMany(band => new[] { band.Weight, band.Size, band.Tokens, band.Excess })];

    /// <summary>Takes what was exported; false, and nothing changed, where it does not fit.</summary>
    internal bool TryImport(IReadOnlyList<double> state)
    {
        if (state.Count != 1 + (4 * Bands) || state.Any(number => number is not (>= 0 and < 1e15)))
        {
            return false;
        }

        Calls = state[0];
        for (var i = 0; i < Bands; i++)
        {
            _bands[i] = new Band { Weight = state[1 + (4 * i)], Size = state[2 + (4 * i)], Tokens = state[3 + (4 * i)], Excess = state[4 + (4 * i)] };
        }

        return true;
    }

    private static int BandOf(double size) => size < 2 ? 0 : Math.Min(Bands - 1, 1 + (int)(Math.Log2(size / 2) / 2));

    /// <summary>Input tokens by size, for each kind of text.</summary>
    /// <param name="PerRequest">Tokens of the request itself, at least 0.</param>
    internal record struct Lines(double PerRequest)
    {
        internal const int Kinds = (int)ContentKind.Dense + 1;
        internal const double LeastPerToken = 0.05;
        internal const double MostPerToken = 20;

        /// <summary>Tokens for each token of the count, by the kind of text.</summary>
        internal Slopes PerToken;

        internal readonly double At(ContentKind kind, double size) => PerRequest + (PerToken[(int)kind] * size);
    }

    [InlineArray(Lines.Kinds)]
    internal struct Slopes
    {
        private double _first;
    }

    private struct Moments
    {
        public double Weight;
        public double Size;
        public double Sizes;
        public double Tokens;
        public double Product;
    }

    private struct Band
    {
        public double Weight;
        public double Size;
        public double Tokens;
        public double Excess;
    }
}
