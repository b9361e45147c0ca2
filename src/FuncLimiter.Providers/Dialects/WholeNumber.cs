using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Whole numbers of JSON, which some clients write as <c>4096.0</c> or <c>4.096e3</c>.</summary>
internal static class WholeNumber
{
    /// <summary>Reads the number at the reader; false where it has a fraction, or is too large.</summary>
    public static bool TryRead(in Utf8JsonReader reader, out long number) =>
        reader.TryGetInt64(out number) || (reader.TryGetDecimal(out var exact) && TryConvert(exact, out number));

    /// <summary>Reads a number; false where it has a fraction, or is too large.</summary>
    public static bool TryRead(JsonElement element, out long number) =>
        element.TryGetInt64(out number) || (element.TryGetDecimal(out var exact) && TryConvert(exact, out number));

    private static bool TryConvert(decimal exact, out long number)
    {
        number = 0;
        if (exact != decimal.Truncate(exact) || exact is < long.MinValue or > long.MaxValue)
        {
            return false;
        }

        number = (long)exact;
        return true;
    }
}
