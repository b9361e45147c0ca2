namespace FuncLimiter.Core.Budgets;

/// <summary>
/// What reports of what remains are compared with, and how far calls come to more than was held for them: a window that is filled by
/// estimates is overfilled by their errors.
/// </summary>
internal sealed class Traffic
{
    private const double Weight = 1.0 / 64;
    private const double Deviations = 4;
    private Charge taken;
    private Charge underWay;
    private Error tokens;
    private Error inputTokens;
    private Error outputTokens;
    private long calls;

    public ref readonly Charge Taken => ref taken;

    public ref readonly Charge UnderWay => ref underWay;

    public void Begin(in Charge charge)
    {
        taken += charge;
        underWay += charge;
        calls++;
    }

    public void End(in Charge charge, in Charge final)
    {
        underWay -= charge;
        calls--;
        tokens.Learn(charge.Tokens, final.Tokens);
        inputTokens.Learn(charge.InputTokens, final.InputTokens);
        outputTokens.Learn(charge.OutputTokens, final.OutputTokens);
    }

    /// <summary>What the calls under way may come to beyond what is held for them.</summary>
    public double Excess(Dimension dimension) => dimension switch
    {
        Dimension.Tokens => tokens.Of(calls),
        Dimension.InputTokens => inputTokens.Of(calls),
        Dimension.OutputTokens => outputTokens.Of(calls),
        _ => 0,
    };

    private struct Error
    {
        private double mean;
        private double square;

        public void Learn(long held, long final)
        {
            // A call that came to nothing was refused.
            if (final > 0 && held > 0)
            {
                double difference = final - held;
                mean += (difference - mean) * Weight;
                square += ((difference * difference) - square) * Weight;
            }
        }

        public readonly double Of(long calls) =>
            square <= 0 ? 0 : Math.Max(0, (calls * mean) + (Deviations * Math.Sqrt(calls * Math.Max(0, square - (mean * mean)))));
    }
}
