using System.Text;

namespace FuncLimiter.Gateway.Headers;

/// <summary>
/// The values of headers in the form in which every server takes them. Anything else (a letter of another alphabet, a control character) makes
/// some throw before a byte has left, and others break the connection off.
/// </summary>
internal static class HeaderText
{
    /// <summary>A value in printable ASCII, the rest of it percent-encoded.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isBytes">True where each character stands for one byte, as the framework reads the headers of answers.</param>
    public static string Printable(string value, bool isBytes = false)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return value;
        }

        var text = new StringBuilder(value.Length * 2);
        foreach (var octet in (isBytes ? Encoding.Latin1 : Encoding.UTF8).GetBytes(value))
        {
            _ = octet is >= 0x20 and <= 0x7E or (byte)'\t' ? text.Append((char)octet) : text.Append('%').Append(octet.ToString("X2", null));
        }

        return text.ToString();
    }
}
