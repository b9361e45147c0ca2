using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>What a caller is told of its spending budgets, as they are when it is told.</summary>
internal sealed class SpendNotice
{
    private readonly SpendDesk _desk;
    private readonly IReadOnlyList<SpendAccount> _accounts;

    internal SpendNotice(SpendDesk desk, IReadOnlyList<SpendAccount> accounts) => (_desk, _accounts) = (desk, accounts);

    /// <summary>What its run has left, for example <c>usd=0.4213, calls=12</c>; null where its run has no budget.</summary>
    public string? RunLeft => _accounts.FirstOrDefault(account => account.Cap is { For: SpendSubject.Run, IsSoft: false }) is { } run ? SpendText.Left(_desk.Report(run)) : null;

    /// <summary>The budgets that only warn and are used up, with commas between; null where there is none.</summary>
    public string? Warning
    {
        get
        {
            var over = _accounts.Where(account => account.Cap.IsSoft).Select(_desk.Report).Where(report => report.Use >= 1).Select(report => report.Name).ToArray();
            return over.Length == 0 ? null : string.Join(", ", over);
        }
    }

    /// <summary>The same with further budgets.</summary>
    internal SpendNotice With(SpendNotice other) => other._accounts.Count == 0 ? this : new(_desk, [.. _accounts, .. other._accounts]);
}

/// <summary>Amounts of spending budgets in words.</summary>
internal static class SpendText
{
    /// <summary>What is left, of what is bounded.</summary>
    public static string Left(SpendReport report) => Of(report.Left, report.TimeLeft, report.Limit, "=", true);

    /// <summary>What is left, in words for people.</summary>
    public static string Left(in SpendAmount left, TimeSpan? time) => Of(left, time, left, " ", false);

    /// <summary>What a call needs of what is too little.</summary>
    public static string Needs(in SpendAmount needs, Dimension? dimension) => dimension switch
    {
        Dimension.Cost => Of(new(needs.Cost, SpendAmount.Unbounded, SpendAmount.Unbounded), null, new(0, SpendAmount.Unbounded, SpendAmount.Unbounded), " ", false),
        Dimension.Tokens => string.Create(CultureInfo.InvariantCulture, $"{needs.Tokens} tokens"),
        _ => "one call",
    };

    private static string Of(in SpendAmount left, TimeSpan? time, in SpendAmount limit, string between, bool isNameFirst)
    {
        var parts = new List<string>();
        Add("usd", limit.Cost, Math.Max(0, left.Cost) / SpendAmount.NanoPerUsd);
        Add("tokens", limit.Tokens, Math.Max(0, left.Tokens));
        Add("calls", limit.Calls, Math.Max(0, left.Calls));
        if (time is { } remaining)
        {
            Add("seconds", 0, (decimal)Math.Max(0, Math.Floor(remaining.TotalSeconds)));
        }

        return parts.Count == 0 ? "nothing" : string.Join(", ", parts);

        void Add(string name, long bound, decimal amount)
        {
            // Less than half of what stands for "no bound" is bounded.
            if (bound < SpendAmount.Unbounded / 2)
            {
                var value = amount.ToString("0.#########", CultureInfo.InvariantCulture);
                parts.Add(isNameFirst ? $"{name}{between}{value}" : $"{value}{between}{(name == "usd" ? "USD" : name)}");
            }
        }
    }
}
