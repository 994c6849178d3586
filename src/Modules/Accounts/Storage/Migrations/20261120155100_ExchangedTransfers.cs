using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class ExchangedTransfers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<decimal>(
                name: "ExchangedAmount",
                schema: "accounts",
                table: "transfers",
                type: "numeric(18,5)",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ExchangedCurrency",
                schema: "accounts",
                table: "transfers",
                type: "character varying(3)",
                maxLength: 3,
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ExchangedAmount",
                schema: "accounts",
                table: "transfers");

            migrationBuilder.DropColumn(
                name: "ExchangedCurrency",
                schema: "accounts",
                table: "transfers");
        }
    }
}
