using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class VrpConsents : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "FundsAsked",
                schema: "consent",
                table: "consents",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "FundsAskedSince",
                schema: "consent",
                table: "consents",
                type: "timestamp with time zone",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "FundsAsked",
                schema: "consent",
                table: "consents");

            migrationBuilder.DropColumn(
                name: "FundsAskedSince",
                schema: "consent",
                table: "consents");
        }
    }
}
